import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Result } from '../src/runtime/ports.ts';
import type { Namespace } from '../src/surface/demo/namespaces.ts';

const program = fileURLToPath(new URL('./wire-line.ts', import.meta.url));

/** Node cannot ask the kernel for a TUN device, and Perl, which every Debian has, can: it opens it and becomes Node. */
const opener = [
  'use Fcntl; $^F = 10;',
  'sysopen(my $tun, "/dev/net/tun", O_RDWR) or die "/dev/net/tun: $!\\n";',
  'my $request = pack("a16 S x22", "wire", 0x1001);',
  'ioctl($tun, 0x400454ca, $request) or die "TUNSETIFF: $!\\n";',
  'die "descriptor\\n" if fileno($tun) != 3;',
  'exec(@ARGV) or die "exec: $!\\n";',
].join(' ');

/** A slow and lossy piece of wire: a TUN device named `wire` in a namespace, with a process that holds packets. */
export class Wire {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async open(
    namespace: Namespace,
    customer: string,
    quality: { readonly delayMs: number; readonly loss: number },
  ): Promise<Result<Wire, string>> {
    const args = [String(quality.delayMs), String(quality.loss), customer, '7'];
    const child = namespace.spawn('perl', ['-e', opener, process.execPath, program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let complaint = '';
    child.stderr?.on('data', chunk => {
      complaint = (complaint + String(chunk)).slice(0, 500);
    });
    const ready = await new Promise<boolean>(resolve => {
      if (child.stdout) createInterface({ input: child.stdout }).once('line', () => resolve(true));
      child.once('error', () => resolve(false));
      child.once('exit', () => resolve(false));
    });
    if (ready) return { ok: true, value: new Wire(child) };
    return { ok: false, error: `No slow wire could be laid: ${complaint.trim() || 'its process ended'}.` };
  }

  /** The device and all packets under way are gone. */
  close(): void {
    this.#child.kill('SIGKILL');
  }
}
