import { describe, expect, test } from 'vitest';
import {
  decide,
  PERMISSIONS,
  ROLES,
  type Action,
  type Circumstances,
  type Decision,
  type Role,
} from './permissions.ts';

/**
 * Who may do what, written from R12 to R18 and from API.md's column "who", not from the table: one letter for each
 * decision, in the order ROOT ADMIN AUTHOR VIEWER.
 */
const LETTERS: Record<string, Decision> = {
  '+': 'allowed',
  '-': 'forbidden',
  '?': 'hidden',
  m: 'needs_membership',
};

const INSTANCE_ACTIONS = [
  // action, on others, on oneself
  ['session.use', '++++', '++++'],
  ['self.view', '++++', '++++'],
  ['token.own', '++++', '++++'],
  ['user.create', '+---', '+---'],
  ['user.list', '+---', '+---'],
  ['user.view', '+---', '++++'],
  ['user.update', '+---', '++++'],
  ['user.reset_password', '+---', '+---'],
  ['user.change_role', '+---', '+---'],
  ['user.delete', '+---', '+---'],
  ['project.create', '++--', '++--'],
  ['project.list', '++++', '++++'],
  ['event.list', '++--', '++--'],
] as const;

const PROJECT_ACTIONS = [
  // action, as a member, as none
  ['project.view', '++++', '+???'],
  ['project.update', '++--', '+???'],
  ['project.delete', '++--', '+???'],
  ['member.list', '++++', '+???'],
  ['member.add', '++--', '+???'],
  ['member.remove', '++--', '+???'],
  ['member.list_candidates', '++--', '+???'],
  ['environment.create', '++--', 'm???'],
  ['environment.list', '++--', 'm???'],
  ['environment.delete', '++--', 'm???'],
  ['vault.create', '++--', 'm???'],
  ['vault.list', '++--', 'm???'],
  ['vault.watch', '++--', 'm???'],
  ['vault.view', '++--', 'm???'],
  ['vault.update', '++--', 'm???'],
  ['vault.import', '++--', 'm???'],
  ['vault.delete', '++--', 'm???'],
  ['vault.history', '++--', 'm???'],
  ['vault.restore', '++--', 'm???'],
  ['vault.allow_origins', '++--', 'm???'],
  ['route.create', '++--', 'm???'],
  ['route.list', '+++-', 'm???'],
  ['route.view', '++--', 'm???'],
  ['route.update', '++--', 'm???'],
  ['route.delete', '++--', 'm???'],
  ['route.preview', '++--', 'm???'],
  ['route.invoke', '+++-', 'm???'],
  ['token.create', '++--', '+???'],
  ['token.list', '++--', '+???'],
  ['token.update', '++--', '+???'],
  ['token.revoke', '++--', '+???'],
  ['event.list_project', '++--', '+???'],
] as const;

/** The decisions that the letters stand for, by role. */
function spellOut(letters: string): Record<string, Decision | undefined> {
  return Object.fromEntries(ROLES.map((role, index) => [role, LETTERS[letters[index] ?? '']]));
}

function decisions(action: Action, circumstances: Circumstances): Record<string, Decision> {
  return Object.fromEntries(ROLES.map((role) => [role, decide(action, role, circumstances)]));
}

describe('decide', () => {
  test('is tested for every action that there is', () => {
    const tested = [...INSTANCE_ACTIONS, ...PROJECT_ACTIONS].map(([action]) => action);
    expect(tested.toSorted()).toEqual(Object.keys(PERMISSIONS).toSorted());
  });

  test('knows four roles, the most powerful first', () => {
    expect(ROLES).toEqual(['ROOT', 'ADMIN', 'AUTHOR', 'VIEWER']);
  });

  test.each(INSTANCE_ACTIONS)(
    '%s looks at the role, and at whose account it is',
    (action, onOthers, onOneself) => {
      expect(decisions(action, { isSelf: false })).toEqual(spellOut(onOthers));
      expect(decisions(action, { isSelf: true })).toEqual(spellOut(onOneself));
    },
  );

  test.each(INSTANCE_ACTIONS)('%s gives nobody more because of a membership', (action, onOthers) => {
    expect(decisions(action, { projectExists: true, isMember: true })).toEqual(spellOut(onOthers));
  });

  test.each(PROJECT_ACTIONS)('%s looks at the role and at membership', (action, asMember, asNone) => {
    expect(decisions(action, { projectExists: true, isMember: true })).toEqual(spellOut(asMember));
    expect(decisions(action, { projectExists: true, isMember: false })).toEqual(spellOut(asNone));
  });

  test.each(PROJECT_ACTIONS)('%s on a project that does not exist is hidden from everyone', (action) => {
    expect(decisions(action, { projectExists: false, isMember: false })).toEqual(spellOut('????'));
  });

  test.each(PROJECT_ACTIONS)('%s is hidden from whoever asks without saying of which project', (action) => {
    expect(decisions(action, { isSelf: true })).toEqual(spellOut('????'));
  });

  test('a role that is not one of the four may do nothing', () => {
    const stranger = 'OWNER' as Role;
    const actions = Object.keys(PERMISSIONS) as Action[];
    const allowed = actions.filter(
      (action) =>
        decide(action, stranger, { projectExists: true, isMember: true }) === 'allowed' ||
        decide(action, stranger, { isSelf: false }) === 'allowed',
    );
    expect(allowed).toEqual([]);
  });
});
