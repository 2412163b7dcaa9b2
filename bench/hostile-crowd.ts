/**
 * The crowd of `bench:hostile`, a process of its own. Arguments: port, idle clients, drips, floods. Every 40 clients
 * have a loopback address, of the floods every ten: what closes 3,000 connections a second has no port left after a
 * minute on fewer, and then burns the machine's processor looking for one. Prints `ready` when all have called once,
 * then each second how many are connected.
 */
import { connect, type Socket } from 'node:net';

const [port = 0, idlers = 0, drips = 0, floods = 0] = process.argv.slice(2).map(Number);
const perAddress = { quiet: 40, flood: 10 };
const message = Buffer.from('MAIL FROM:<a@flood.example>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n');
const content = Buffer.from(`Subject: flood\r\n\r\n${'x'.repeat(70)}\r\n.\r\n`);
let called = 0;
let open = 0;
let source = 0;
let atSource = 0;

/** Calls, lets `play` speak, and calls again a moment after it was closed, as long as we live. */
function client(play: (socket: Socket) => void, againMs: number, most = perAddress.quiet): void {
  if (atSource >= most) {
    source += 1;
    atSource = 0;
  }
  atSource += 1;
  const address = `127.3.${Math.floor(source / 250)}.${(source % 250) + 1}`;
  let first = true;
  const call = (): void => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: address, noDelay: true });
    socket.once('connect', () => {
      open += 1;
      socket.once('close', () => {
        open -= 1;
      });
      if (first) called += 1;
      first = false;
      play(socket);
    });
    socket.on('error', () => {});
    socket.once('close', () => setTimeout(call, againMs));
  };
  call();
}

/** Says EHLO, and never again a word. */
function idle(socket: Socket): void {
  socket.once('data', () => socket.write('EHLO idle.example\r\n')).resume();
}

/** A byte a second: half of them of commands, half of a message's content. */
function drip(socket: Socket, at: number): void {
  const words = at % 2 === 0 ? 'NOOP\r\n' : 'x';
  const start = at % 2 === 0 ? 'EHLO drip.example\r\n' : `EHLO drip.example\r\n${message.toString()}`;
  let said = 0;
  socket.once('data', () => socket.write(start)).resume();
  const timer = setInterval(() => socket.write(words[said++ % words.length] ?? ''), 1_000);
  socket.once('close', () => clearInterval(timer));
}

/** As fast as it goes: messages, commands that bring no message nearer, or calls. */
function flood(socket: Socket, at: number): void {
  if (at % 3 === 2) return void socket.destroy();
  socket.setEncoding('latin1');
  let heard = '';
  socket.on('data', (text: string) => {
    heard = (heard + text).slice(-200);
    if (!heard.endsWith('\r\n')) return;
    const last = heard.slice(heard.lastIndexOf('\n', heard.length - 2) + 1);
    heard = '';
    if (last.startsWith('220 ')) socket.write('EHLO flood.example\r\n');
    else if (last.startsWith('354 ')) socket.write(content);
    else if (last.startsWith('250 ')) socket.write(at % 3 === 0 ? message : 'RSET\r\n'.repeat(20));
  });
}

for (let at = 0; at < idlers; at += 1) client(idle, 1_000);
for (let at = 0; at < drips; at += 1) client(socket => drip(socket, at), 1_000);
for (let at = 0; at < floods; at += 1)
  client(socket => flood(socket, at), at % 3 === 2 ? 50 : 10, perAddress.flood);
const waiting = setInterval(() => {
  if (called < idlers + drips + floods) return;
  clearInterval(waiting);
  process.stdout.write('ready\n');
  setInterval(() => process.stdout.write(`${open}\n`), 1_000);
}, 100);
process.stdin.on('close', () => process.exit()).resume();
