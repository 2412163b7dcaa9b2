import type { Settings } from '../../config/settings.ts';
import type { PostfixHost } from '../../runtime/postfix/postfix-host.ts';

/** What every command of `postern postfix` begins with. */
export type Called = {
  readonly settings: Settings;
  readonly host: PostfixHost;
  /** The operator named the configuration folder of Postfix. */
  readonly isNamed: boolean;
  /** postern.yaml. */
  readonly file: string;
  readonly json: boolean;
};
