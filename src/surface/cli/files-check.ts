import type { Settings } from '../../config/settings.ts';
import { endpointText } from '../../decision/admission/listener.ts';
import { certificateTroubles } from '../../decision/certificate/certificate-troubles.ts';
import type { Clock, Files } from '../../runtime/ports.ts';

/** A file that the configuration names, and what is wrong with it. `error`: `serve` would not start with it. */
export type FileFinding = { readonly level: 'error' | 'warning'; readonly message: string };

const recipientsLimitBytes = 64 * 1024 * 1024;
const passwordLimitBytes = 1_024;

/** Looks at certificates, lists of recipients and passwords as `serve` would read them; what is in order says nothing. */
export async function lookAtFiles(
  settings: Settings,
  { files, clock }: { readonly files: Files; readonly clock: Clock },
): Promise<readonly FileFinding[]> {
  const looked = await Promise.all([
    lookAtCertificates(settings, files, clock),
    ...settings.domains.map(({ name, recipients }) =>
      recipients.kind === 'file' ? lookAtRecipients(name, recipients.path, files) : [],
    ),
    ...[...settings.uplinks, ...settings.routes].map(({ smartHost }) =>
      smartHost?.login == null ? [] : lookAtPassword(smartHost.login.passwordFile, files),
    ),
  ]);
  return looked.flat();
}

async function lookAtCertificates(settings: Settings, files: Files, clock: Clock): Promise<FileFinding[]> {
  const { readCertificate } = await import('../../runtime/tls/read-certificate.ts');
  const found: FileFinding[] = [];
  const shown = [];
  for (const listener of settings.listeners) {
    if (listener.tls === null) continue;
    const read = await readCertificate(files, listener.tls);
    if (!read.ok)
      found.push({ level: 'error', message: `listener ${endpointText(listener)}: ${read.error}` });
    else {
      const held = { certFile: listener.tls.certFile, fact: read.value.fact, refused: null };
      shown.push({ listener: endpointText(listener), name: listener.name, held });
    }
  }
  const held = [...new Map(shown.map(one => [one.held.certFile, one.held])).values()];
  const ehloNames = settings.uplinks.flatMap(({ egresses }) => egresses.map(({ ehlo }) => ehlo));
  const troubles = certificateTroubles(held, shown, ehloNames, clock.now());
  return [...found, ...troubles.map(({ reason }): FileFinding => ({ level: 'warning', message: reason }))];
}

async function lookAtRecipients(domain: string, path: string, files: Files): Promise<FileFinding[]> {
  const read = await files.read(path, recipientsLimitBytes);
  if (read.ok && read.value.length > 0) return [];
  const why = read.ok ? `${path} is empty.` : read.error;
  return [
    {
      level: 'warning',
      message: `domain ${domain}: ${why} Without its list Postern knows no recipient, and when_unknown decides.`,
    },
  ];
}

async function lookAtPassword(path: string, files: Files): Promise<FileFinding[]> {
  const read = await files.read(path, passwordLimitBytes);
  if (read.ok && !read.value.toString('utf8').startsWith('\n') && read.value.length > 0) return [];
  const why = read.ok ? `The first line of ${path} is empty.` : read.error;
  return [
    { level: 'warning', message: `${why} Mail for its smart host waits until the password stands there.` },
  ];
}
