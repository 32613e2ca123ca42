import { endSession, fetchSessions, login, logout, refresh } from '../../services/sessions.ts';
import {
  changePassword,
  changeUser,
  createUser,
  deleteUser,
  fetchSelf,
  fetchUser,
  fetchUsers,
  resetPassword,
} from '../../services/users.ts';
import type { Handlers } from '../router.ts';
import { sessionShape, signedInShape, userShape } from './shapes.ts';

export const userHandlers = {
  user_login: async ({ context, origin, cookies }, input) => {
    const session = await login(context, origin, { signInName: input.auth_data, password: input.password });
    if (session.cookie !== undefined) cookies.set(session.cookie);
    return signedInShape(session);
  },
  user_refresh: async ({ context, caller, cookies }) => {
    const session = await refresh(context, caller, cookies.authenticated);
    if (session.cookie !== undefined) cookies.set(session.cookie);
    return signedInShape(session);
  },
  user_logout: async ({ context, caller, cookies }) => {
    await logout(context, caller);
    cookies.clear();
    return {};
  },
  user_me: async ({ context, caller }) => {
    const { user, abilities } = await fetchSelf(context, caller);
    return { user: userShape(user), abilities };
  },
  user_create: async ({ context, caller }, input) => {
    const user = await createUser(context, caller, {
      username: input.username,
      email: input.email,
      firstName: input.first_name,
      lastName: input.last_name,
      password: input.password,
      role: input.role,
    });
    return { user: userShape(user) };
  },
  user_fetch: async ({ context, caller }, input) => {
    const { users, amount } = await fetchUsers(context, caller, input);
    return { users: users.map(userShape), amount };
  },
  user_fetch_one: async ({ context, caller }, { uid }) => ({
    user: userShape(await fetchUser(context, caller, uid)),
  }),
  user_update: async ({ context, caller }, input) => {
    const user = await changeUser(context, caller, {
      uid: input.uid,
      email: input.email,
      firstName: input.first_name,
      lastName: input.last_name,
      role: input.role,
    });
    return { user: userShape(user) };
  },
  user_password: async ({ context, caller }, input) => {
    await changePassword(context, caller, { current: input.current_password, next: input.new_password });
    return {};
  },
  user_password_reset: async ({ context, caller }, { uid, new_password: next }) => {
    await resetPassword(context, caller, { uid, next });
    return {};
  },
  user_session_fetch: async ({ context, caller }, input) => {
    const { sessions, amount } = await fetchSessions(context, caller, input);
    return { sessions: sessions.map((session) => sessionShape(session, caller.actor)), amount };
  },
  user_session_delete: async ({ context, caller, cookies }, { id }) => {
    const isTheirs = await endSession(context, caller, id);
    if (isTheirs) cookies.clear();
    return {};
  },
  user_delete: async ({ context, caller }, { uid }) => {
    await deleteUser(context, caller, uid);
    return {};
  },
} satisfies Partial<Handlers>;
