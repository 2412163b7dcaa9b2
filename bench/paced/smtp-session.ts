import { connect } from 'node:net';
import { Replies } from '../replies.ts';

/** A kept session with the gateway, in clear. A refusal is thrown. */
export type SmtpSession = {
  /** Resolves when the gateway has taken the message. `content` ends with its end of data. */
  readonly send: (recipient: string, content: Buffer) => Promise<void>;
  readonly close: () => void;
};

export async function openSession(port: number): Promise<SmtpSession> {
  const socket = connect({ host: '127.0.0.1', port });
  const replies = new Replies();
  replies.listen(socket);
  await replies.next(1);
  socket.write('EHLO client.example.com\r\n');
  await replies.next(1);
  return {
    send: async (recipient, content) => {
      socket.write(`MAIL FROM:<sender@example.com>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`);
      await replies.next(3);
      socket.write(content);
      await replies.next(1);
    },
    close: () => socket.end('QUIT\r\n'),
  };
}
