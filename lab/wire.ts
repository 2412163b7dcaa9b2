import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Result } from '../src/runtime/ports.ts';
import type { Namespace } from '../src/surface/demo/namespaces.ts';

const program = fileURLToPath(new URL('./wire-line.ts', import.meta.url));

/** Handles packets whole, with their Ethernet headers: no checksums or segments are left for a device to make. */
const leftToDevices = { ETHTOOL_STXCSUM: 0x17, ETHTOOL_STSO: 0x1f, ETHTOOL_SGSO: 0x24 } as const;

/**
 * Node has no packet sockets (packet(7)), and Perl, which every Debian has, does: it binds one to the far end of the
 * cable as descriptor 3, and becomes Node.
 */
const opener = [
  '$^F = 10;',
  'my $ip = unpack("S", pack("n", 0x0800));',
  'socket(my $far, 17, 3, $ip) or die "socket: $!\n";',
  'die "descriptor\n" if fileno($far) != 3;',
  `for my $command (${Object.values(leftToDevices).join(', ')}) {`,
  '  my $off = pack("LL", $command, 0);',
  '  my $request = pack("a16 P x16", "wire", $off);',
  '  ioctl($far, 0x8946, $request) or die "SIOCETHTOOL: $!\n";',
  '}',
  'my $request = pack("a16 x24", "far");',
  'ioctl($far, 0x8933, $request) or die "SIOCGIFINDEX: $!\n";',
  'my $index = unpack("x16 i", $request);',
  'bind($far, pack("S S i S C C a8", 17, $ip, $index, 0, 0, 0, "")) or die "bind: $!\n";',
  'exec(@ARGV) or die "exec: $!\n";',
].join('\n');

/**
 * A slow and lossy piece of wire: what leaves a namespace by its device `wire` comes back by it, late or never. A cable
 * leads to a process that holds the packets.
 */
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
    await namespace.ip('link del wire');
    const laid = await namespace.ip(
      'link add wire type veth peer name far',
      'link set wire arp off',
      'link set far arp off up',
    );
    if (!laid.ok) return laid;
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

  /** All packets under way are gone, and the device leads nowhere. */
  close(): void {
    this.#child.kill('SIGKILL');
  }
}
