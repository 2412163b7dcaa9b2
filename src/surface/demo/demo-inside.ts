/** The demo inside namespaces of its own; started by `runDemo` through `unshare`. */
import { openCableWorld } from './cable-world.ts';
import { notHere, playHere } from './demo.ts';

process.exit(await playHere(openCableWorld, process.argv.includes('--json'), notHere));
