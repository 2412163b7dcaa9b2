/** The content of a message of so many bytes, its end of data after it. */
export function contentOf(size: number): Buffer {
  const header =
    'From: <sender@example.com>\r\nTo: <receiver@example.net>\r\nSubject: from the generator\r\n\r\n';
  const line = `${'X'.repeat(78)}\r\n`;
  const body = line.repeat(Math.max(1, Math.ceil((size - header.length) / line.length)));
  return Buffer.from(`${header}${body.slice(0, Math.max(2, size - header.length - 2))}\r\n.\r\n`);
}
