/** Name and password, as RFC 4954 lets a client show them. */
export type Login = { readonly user: string; readonly password: string };

/**
 * AUTH by PLAIN (RFC 4616) or LOGIN, the side of the client: the lines to say in order. The first is the command; each
 * later one answers a 334. Null where the server offers neither.
 */
export function loginLines({ user, password }: Login, offered: readonly string[]): readonly string[] | null {
  const coded = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
  if (offered.includes('PLAIN')) {
    const response = coded(`\0${user}\0${password}`);
    // A server that passes over the initial response asks for it.
    return [`AUTH PLAIN ${response}`, response];
  }
  if (offered.includes('LOGIN')) return ['AUTH LOGIN', coded(user), coded(password)];
  return null;
}

/** What a server said of a login, without the password in whatever form it comes. */
export function withoutPassword(text: string, { user, password }: Login): string {
  if (password === '') return text;
  const coded = [`\0${user}\0${password}`, password].map(form => Buffer.from(form).toString('base64'));
  return [...coded, password].reduce((kept, form) => kept.replaceAll(form, '…'), text);
}
