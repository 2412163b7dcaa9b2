import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { cliStand, runHere } from '../../../test/surface/cli-stand.ts';
import { commandTree, withAllBelow } from './command-tree.ts';
import { completionScript, shells } from './completion.ts';
import { commandsPage, configurationPage } from './man-page.ts';
import { buildProgram } from './program.ts';

const program = buildProgram(cliStand().parts, '0.0.0', () => undefined);

/** What bash offers after these words, the last of which is begun. */
function offered(words: readonly string[]): Promise<string[]> {
  const asking = `
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _postern
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  execFile(
    'bash',
    ['-c', `${completionScript(program, 'bash')}\n${asking}`, 'bash', ...words],
    (error, out) => {
      if (error) reject(error);
      else resolve(out.split('\n').filter(word => word !== ''));
    },
  );
  return promise;
}

const completions: [string, string[], string[]][] = [
  ['a command that is begun', ['postern', 'upl'], ['uplinks']],
  ['a subcommand', ['postern', 'uplinks', 'dra'], ['drain']],
  ['an option', ['postern', 'uplinks', 'drain', 'isp1', '--fo'], ['--for']],
  ['the words of an option', ['postern', 'queue', 'list', '--state', 'in'], ['in_doubt']],
  ['the words of an operand', ['postern', 'completion', 'z'], ['zsh']],
  ['a file', ['postern', 'serve', '--config', '/etc/passw'], ['/etc/passwd']],
  ['nothing for a text', ['postern', 'uplinks', 'drain', '--reason', ''], []],
  ['nothing for an unknown word', ['postern', 'unknwon'], []],
];
for (const [sentence, words, expected] of completions) {
  test(`bash completes ${sentence}`, async () => {
    const found = await offered(words);
    assert.deepEqual(
      found.filter(word => !word.endsWith('-')),
      expected,
    );
  });
}

test('every command and option is in the completion of every shell and in the manual page', () => {
  const page = commandsPage(program).replaceAll('\\-', '-');
  for (const { path, options } of withAllBelow(commandTree(program))) {
    for (const shell of shells) {
      const script = completionScript(program, shell);
      assert.ok(script.includes(path), `${path} for ${shell}`);
      for (const { name } of options)
        assert.ok(script.includes(shell === 'fish' ? ` -l ${name.slice(2)}` : name), `${name} for ${shell}`);
    }
    if (path !== 'postern')
      for (const { flags } of options) assert.ok(page.includes(flags), `${flags} of ${path}`);
  }
});

test('a shell that is not known is a usage error', async () => {
  const { code, err } = await runHere(['completion', 'tcsh']);
  assert.equal(code, 2);
  assert.match(err, /Allowed choices are bash, zsh, fish/);
  assert.equal((await runHere(['completion', 'fish'])).code, 0);
});

test('the manual pages are text that roff takes: no line begins with a request that is none', () => {
  const requests = /^\.(?:\\"|TH|SH|SS|TP|B|BR|PP|EX|EE|br)(?: |$)/;
  for (const page of [commandsPage(program), configurationPage()]) {
    const odd = page.split('\n').filter(line => /^[.']/.test(line) && !requests.test(line));
    assert.deepEqual(odd, []);
    assert.doesNotMatch(page, /[^\n -~]/);
  }
});
