import type { Command } from 'commander';
import { examplesOf } from './command.ts';

const head = `# Commands

Every command ends with 0: done and nothing wrong; 1: done, and something is wrong; 2: the call or the configuration is
unusable; 3: Postern could not finish. Errors go to standard error. With \`--json\` standard output has one JSON document
(for streams and lists: one object a line) and nothing else; times are RFC 3339 in UTC, durations milliseconds (\`_ms\`),
sizes bytes. Colour appears only on a terminal, and never with \`NO_COLOR\`.

Commands that ask the running gateway reach it over the Unix socket \`control.sock\` in \`state_dir\`, which they find by
\`--config\`.

This page is generated from the program's own help.
`;

const shapes = `## What \`--json\` prints

\`uplinks --json\` (counts since start; an uplink is as good as its best egress):

\`\`\`
{ "uplinks": [ { "name", "state": "unknown" | "up" | "degraded" | "down" | "drained", "since", "reason", "preference",
    "egresses": [ { "source", "public", "ehlo", "state", "since", "reason", "fit": "fit" | "unfit" | "unknown",
                    "changes_24h", "sent", "failed", "rate_per_s", "connect_ms": { "p50", "p99" } } ] } ] }
\`\`\`

\`uplinks test --json\`, a line for each egress:

\`\`\`
{ "egress", "source", "host", "ok", "steps": [ { "step": "connect" | "greeting" | "ehlo" | "starttls" | "ptr" | "forward" | "ehlo_address", "ok", "text", "elapsed_ms" } ] }
\`\`\`

\`queue list --json\`, a line for each message (\`queue show --json\` adds \`body_type\` and \`client\`; \`doubt\` is there only
in doubt):

\`\`\`
{ "id", "received", "reverse_path", "size_bytes",
  "recipients": [ { "forward_path", "state": "queued" | "active" | "deferred" | "held" | "in_doubt", "attempts",
                    "next_attempt", "last_reply", "last_egress", "doubt": { "cause": "dot" | "crash", "since", "egress", "host" } } ] }
\`\`\`

\`queue retry --json\`, and hold, release and remove alike: \`{ "change", "recipients" }\`, how many were changed.

\`trace --json\`, a line for each event; fields that do not apply are null:

\`\`\`
{ "at", "id", "recipient", "sender",
  "event": "accepted" | "attempt" | "hedged" | "delivered" | "deferred" | "in_doubt" | "held" | "bounced" | "expired" | "removed",
  "uplink", "source", "ehlo", "host", "address", "reply", "tls",
  "blame": "message" | "recipient" | "destination" | "route" | "egress", "reason", "elapsed_ms" }
\`\`\`

\`events --json\`, a line for each event: \`{ "kind", "at", … }\`. Kind \`message\` has the fields of \`trace --json\` and
\`size_bytes\`; \`egress\` has \`egress\`, \`uplink\`, \`state\`, \`previous\`, \`reason\`; \`listener\` has \`address\`, \`state\`, \`reason\`;
\`rejected\` has \`what\` (\`client\`, \`recipient\`, \`message\`), \`listener\`, \`client\`, \`reason\`; \`condition\` has \`condition\` (its kind), \`subject\`, \`uplink\`, \`state\`,
\`previous\`, \`since\`, \`reason\`; \`warning\` and \`notice\` have \`subject\` and \`message\`.

\`notify test --json\`, a line for each way: \`{ "way", "ok", "text" }\`.

\`config check --json\`: the words of \`verdict\` are \`pass\`, \`warning\`, \`error\`.

\`\`\`
{ "file", "verdict", "mistakes": [ { "line", "column", "message" } ], "warnings": [ { "line", "column", "message" } ],
  "egresses": [ { "egress", "condition": "sound" | "address absent" | "link down" | "no route", "message", "commands": [] } ],
  "listeners": [ { "listener", "present" } ] }
\`\`\`

\`demo --json\`, the last line:

\`\`\`
{ "accepted", "delivered", "lost", "duplicates", "by_uplink": { "isp1": { "messages", "source", "ehlo" }, … },
  "failover": { "added_delay_ms": { "p50", "p99", "max" } } }
\`\`\`
`;

/** The reference page of all commands. */
export function commandsReference(program: Command): string {
  return [head, ...program.commands.flatMap(command => sections(command, 'postern')), shapes].join('\n');
}

function sections(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  const help = command.createHelp();
  const args = command.registeredArguments
    .map(argument => (argument.required ? ` <${argument.name()}>` : ` [${argument.name()}]`))
    .join('');
  const options = help
    .visibleOptions(command)
    .filter(option => option.long !== '--help')
    .map(option => `| \`${option.flags}\` | ${help.optionDescription(option)} |`);
  const table = options.length === 0 ? '' : `\n| option | meaning |\n| --- | --- |\n${options.join('\n')}\n`;
  const own = command.commands.length > 0 && command.registeredArguments.length === 0 && options.length === 0;
  const does = command.description();
  const text = `## \`${name}${own ? '' : args}\`\n\n${does.charAt(0).toUpperCase()}${does.slice(1)}.\n\n\`\`\`sh\n${examplesOf(command).join('\n')}\n\`\`\`\n${table}`;
  return [text, ...command.commands.flatMap(child => sections(child, name))];
}
