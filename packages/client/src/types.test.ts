import { describe, expectTypeOf, test } from 'vitest';
import type {
  Api,
  Change,
  CofferError,
  Project,
  User,
  Vault,
  VaultEntry,
  VaultEntryWithValue,
} from './index.ts';

type InputOf<Method extends (...args: never[]) => unknown> = Parameters<Method>[0];
type AnswerOf<Method extends (...args: never[]) => unknown> = Awaited<ReturnType<Method>>;

// Checked by the compiler; what could be wrong is the generator.
describe('the types that are made from the contract', () => {
  test('tell what an endpoint takes: required, optional, as programs have it and not as the wire does', () => {
    expectTypeOf<InputOf<Api['vault']['fetchOne']>>().toEqualTypeOf<{
      project_id: string;
      environment?: string | undefined;
      key: string;
      version?: number | undefined;
    }>();
    expectTypeOf<InputOf<Api['project']['fetch']>>().toEqualTypeOf<
      | {
          limit?: number | undefined;
          offset?: number | undefined;
          filter?: string | undefined;
          member?: boolean | undefined;
        }
      | undefined
    >();
    expectTypeOf<InputOf<Api['user']['me']>>().toEqualTypeOf<Record<string, never> | undefined>();
    expectTypeOf<InputOf<Api['user']['create']>>().toHaveProperty('role').toEqualTypeOf<User['role']>();
    expectTypeOf<User['role']>().toEqualTypeOf<'ROOT' | 'ADMIN' | 'AUTHOR' | 'VIEWER'>();
  });

  test('tell what an endpoint answers with', () => {
    expectTypeOf<AnswerOf<Api['health']>>().toEqualTypeOf<
      { status: number; message: string } & { version: string }
    >();
    expectTypeOf<AnswerOf<Api['project']['fetch']>['projects']>().toEqualTypeOf<readonly Project[]>();
    expectTypeOf<AnswerOf<Api['vault']['fetch']>['vaults']>().toEqualTypeOf<
      readonly (VaultEntry | VaultEntryWithValue)[]
    >();
    expectTypeOf<AnswerOf<Api['vault']['delete']>>().toEqualTypeOf<
      { status: number; message: string } & { routes: readonly string[] }
    >();
    expectTypeOf<AnswerOf<Api['event']['fetch']>['events'][number]['project_id']>().toEqualTypeOf<
      string | null
    >();
    expectTypeOf<VaultEntryWithValue>().toExtend<VaultEntry & { value: string }>();
    expectTypeOf<Change['type']>().toEqualTypeOf<
      'vault_create' | 'vault_update' | 'vault_delete' | 'vault_version_restore'
    >();
  });

  test('are those of a vault, too', () => {
    expectTypeOf<Vault['get']>().returns.resolves.toBeString();
    expectTypeOf<Vault['all']>().returns.resolves.toEqualTypeOf<Record<string, string>>();
    expectTypeOf<Vault['set']>().parameter(2).toExtend<{ ifVersion?: number | undefined } | undefined>();
    expectTypeOf<Vault['watch']>().returns.toEqualTypeOf<AsyncIterable<Change>>();
    expectTypeOf<CofferError['status']>().toEqualTypeOf<number | undefined>();
  });
});
