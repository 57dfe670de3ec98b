/** The store on Postgres, through Prisma. Takes any Postgres: the embedded one or `DATABASE_URL`. */
import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Logger } from 'pino';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { failWhenClosed } from './closed.ts';
import { COMMIT_PREFIX } from './commit-statement.ts';
import { STORE_LIMITS } from './limits.ts';
import { prismaRegistry } from './prisma-registry.ts';
import { prismaRetention } from './prisma-retention.ts';
import { prismaShards } from './prisma-shards.ts';
import { prismaViews } from './prisma-views.ts';
import { withStoreErrors } from './store-errors.ts';
import type { Store } from './store.ts';

export interface PrismaStoreOptions {
  /** `postgresql://user:password@host:port/database`; its schema must be migrated (`migrate`). */
  readonly url: string;
  /** Connections kept at most. */
  readonly connections?: number;
  readonly log?: Pick<Logger, 'warn'>;
}

/** A store on the Postgres at `url`. Connects when first used and again after the server was away. */
export function createPrismaStore(options: PrismaStoreOptions): Store {
  const { url, log, connections = STORE_LIMITS.connections.value } = options;
  const adapter = new PrismaPg(
    {
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: STORE_LIMITS.connectMs.value,
      statement_timeout: STORE_LIMITS.statementMs.value,
      application_name: 'trine',
      keepAlive: true,
    },
    // An idle connection that breaks harms nobody: the next call opens another or says what is wrong.
    {
      onPoolError: (error) => log?.warn({ why: error.message }, 'A connection to Postgres was lost'),
      onConnectionError: () => undefined,
      statementNameGenerator: statementName,
    },
  );
  const prisma = new PrismaClient({ adapter });
  let closing: Promise<void> | undefined;
  // Prisma would quietly connect again.
  const guard = <T extends object>(part: T): T => failWhenClosed(part, () => closing !== undefined);
  const { ping } = guard({
    ping: () => withStoreErrors(async () => void (await prisma.$queryRaw`SELECT 1`)),
  });
  return {
    shards: guard(prismaShards(prisma)),
    registry: guard(prismaRegistry(prisma)),
    views: guard(prismaViews(prisma)),
    retention: guard(prismaRetention(prisma)),
    ping,
    close: () => (closing ??= prisma.$disconnect()),
  };
}

/**
 * Commits have a handful of texts (one for each set of tables that changed) and are long: Postgres parses each
 * once a connection. Prisma's other queries have a text for every length of a list and are not kept.
 */
function statementName({ sql }: { readonly sql: string }): string {
  if (!sql.startsWith(COMMIT_PREFIX)) return '';
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(sql).digest('base64url').slice(0, 24);
  names.set(sql, name);
  return name;
}

const names = new Map<string, string>();
