import { type Command, Option } from 'commander';
import type { QueueDocument, QueueShowDocument } from '../control/documents.ts';
import type { ControlFilter } from '../control/protocol.ts';
import { printable } from '../printable.ts';
import type { CliParts } from './cli-parts.ts';
import { addCommand, callGateway, optionsOf, withConfig, withJson } from './command.ts';
import { columns, jsonLine, type Output, shortTime, sizeText } from './output.ts';

type FilterOptions = {
  domain?: string;
  sender?: string;
  recipient?: string;
  state?: NonNullable<ControlFilter['state']>;
  all?: boolean;
};

const changes = [
  { change: 'retry', does: 'attempt again now what waits', did: 'will be attempted now' },
  { change: 'hold', does: 'keep back from delivery until released', did: 'held' },
  { change: 'release', does: 'let held mail go on', did: 'released' },
  {
    change: 'remove',
    does: 'take out of the queue, without a bounce; the trace tells of it',
    did: 'removed',
  },
] as const;

/** `postern queue list`, `show`, `retry`, `hold`, `release` and `remove`. */
export function addQueue(program: Command, parts: CliParts, end: (code: number) => void): void {
  const queue = addCommand(program, 'queue', 'show and change the queue of the running gateway', [
    'postern queue list',
    'postern queue show 01JD8Q4T5XK',
    'postern queue retry --domain remote.example',
    'postern queue remove --sender spammer@example.com',
  ]);

  const list = addCommand(queue, 'list', 'what waits, recipient by recipient', [
    'postern queue list',
    'postern queue list --state deferred --domain remote.example',
  ]);
  withFilter(withJson(withConfig(list), 'one JSON object a line, for each message')).action(
    async (_options, command: Command) => {
      end(await listQueue(command, parts));
    },
  );

  const show = addCommand(queue, 'show <id>', 'one message: its envelope and what happened so far', [
    'postern queue show 01JD8Q4T5XK',
    'postern queue show 01JD8Q4T5XK --raw > message.eml',
  ]);
  withJson(withConfig(show), 'one JSON document')
    .addOption(new Option('--raw', 'the message itself, byte for byte').conflicts('json'))
    .action(async (id: string, _options, command: Command) => {
      end(await showMessage(id, command, parts));
    });

  for (const { change, does, did } of changes) {
    const changing = addCommand(queue, `${change} [id]`, does, [
      `postern queue ${change} 01JD8Q4T5XK`,
      `postern queue ${change} --domain remote.example`,
    ]);
    withFilter(withJson(withConfig(changing), 'one JSON document'))
      .option('--all', 'all that is in the queue')
      .action(async (id: string | undefined, _options, command: Command) => {
        const options = optionsOf<FilterOptions>(command);
        const filter = { ...(id === undefined ? {} : { id }), ...filterOf(options) };
        if (Object.keys(filter).length === 0 && options.all !== true) {
          command.error(
            `error: say which mail to ${change}: a message ID, a filter such as --domain, or --all`,
          );
        }
        const { output } = parts;
        end(
          await callGateway<{ recipients: number }>(
            command,
            parts,
            { command: 'queue_change', change, filter },
            data => {
              if (options.json === true) return output.write(jsonLine(data));
              const { recipients } = data;
              return output.write(`${recipients} ${recipients === 1 ? 'recipient' : 'recipients'} ${did}.\n`);
            },
          ),
        );
      });
  }
}

function withFilter(command: Command): Command {
  return command
    .option('--domain <domain>', 'only recipients of this domain')
    .option('--sender <address>', 'only mail from this sender; <> is that of bounces')
    .option('--recipient <address>', 'only this recipient')
    .addOption(
      new Option('--state <state>', 'only recipients in this state').choices([
        'queued',
        'active',
        'deferred',
        'held',
        'in_doubt',
      ]),
    );
}

function filterOf({ domain, sender, recipient, state }: FilterOptions): ControlFilter {
  return {
    ...(domain === undefined ? {} : { domain }),
    ...(sender === undefined ? {} : { sender }),
    ...(recipient === undefined ? {} : { recipient }),
    ...(state === undefined ? {} : { state }),
  };
}

async function listQueue(command: Command, parts: CliParts): Promise<number> {
  const { json = false, ...options } = optionsOf<FilterOptions>(command);
  const { output } = parts;
  const filter = filterOf(options);
  let messages = 0;
  const code = await callGateway<QueueDocument>(command, parts, { command: 'queue_list', filter }, data => {
    messages++;
    return output.write(json ? jsonLine(data) : messageText(data, output));
  });
  if (code === 0 && messages === 0 && !json) {
    await output.write(
      Object.keys(filter).length === 0 ? 'The queue is empty.\n' : 'Nothing in the queue fits.\n',
    );
  }
  return code;
}

function showMessage(id: string, command: Command, parts: CliParts): Promise<number> {
  const { json = false, raw = false } = optionsOf<{ raw?: boolean }>(command);
  const { output } = parts;
  const request = { command: 'queue_show', id, raw } as const;
  if (raw) {
    return callGateway<string>(command, parts, request, piece => output.write(Buffer.from(piece, 'base64')));
  }
  return callGateway<QueueShowDocument>(command, parts, request, shown => {
    if (json) return output.write(jsonLine(shown));
    const { client } = shown;
    const from =
      client === null
        ? 'made by Postern itself'
        : `given by ${client.address} (${client.helo}) at ${client.listener}`;
    return output.write(`${messageText(shown, output)}  ${printable(from)}\n`);
  });
}

function messageText(message: QueueDocument, output: Output): string {
  const sender = message.reverse_path === '' ? '<>' : message.reverse_path;
  const head = `${message.id}  ${shortTime(message.received)}  ${sizeText(message.size_bytes)}  from ${printable(sender)}\n`;
  const rows = message.recipients.map(recipient => [
    `  ${recipient.forward_path}`,
    recipient.state,
    `${recipient.attempts} ${recipient.attempts === 1 ? 'attempt' : 'attempts'}`,
    `next ${shortTime(recipient.next_attempt)}`,
    [recipient.last_egress ?? '', recipient.last_reply ?? ''].filter(part => part !== '').join(': '),
  ]);
  return head + columns(rows, output, 1);
}
