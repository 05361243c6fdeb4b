// civault token: logs in and prints the Vault token, for other tools. It is left alive.

import { AppError } from '../errors.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { moment } from '../times.ts';
import { lookUpToken, type TokenLimits } from '../vault/session.ts';
import type { Command } from './command.ts';
import { resultWriter } from './result.ts';
import { withVault } from './vault-run.ts';

export const token: Command = {
  grammar: { values: ['output'] },
  run: async (line, context) => {
    const { io } = context;
    if (line.positionals.length > 0) {
      throw new AppError('USAGE', 'token takes no argument', 'see: civault token --help');
    }
    const writeResult = resultWriter(line, io);
    await withVault(line.flags, context, async (run) => {
      const { session } = run;
      if (session.token === undefined) {
        throw new AppError(
          'CONFIG',
          'a Vault Agent adds its own token to each request, and tells it to nobody',
          'give the other tool the address of the Agent; or set VAULT_ID_TOKEN to log in by it',
        );
      }
      const limits = session.limits ?? (await lookUpToken(session));
      // What Vault answers to a question that was the last use.
      if (limits !== undefined && limits.uses < 0) {
        throw new AppError(
          'PERMISSION_DENIED',
          'the token in VAULT_TOKEN was good for one more use: to ask how long it lives was that',
          'use VAULT_TOKEN as it is, or one that is good for more',
        );
      }
      writeResult(`${session.token.reveal()}\n`);
      run.keepToken();
      io.writeMessage(`note: ${lifeOf(limits, io.now())}`);
    });
    return EXIT_OK;
  },
};

function lifeOf(limits: TokenLimits | undefined, now: number): string {
  if (limits === undefined) return 'how long the token lives, Vault does not tell';
  const uses = limits.uses > 0 ? `, for ${limits.uses} use${limits.uses === 1 ? '' : 's'} at most` : '';
  if (limits.seconds === 0) return `the token has no end of its own${uses}`;
  const until = moment(now + limits.seconds * 1000, 'seconds');
  return `the token lives until ${until} (${limits.seconds} s)${uses}, unless it is renewed or revoked`;
}
