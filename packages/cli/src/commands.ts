import type { Command } from './command.ts';
import { adminCommands } from './commands/admin.ts';
import { allow } from './commands/allow.ts';
import { completion } from './commands/completion.ts';
import { diff } from './commands/diff.ts';
import { echo } from './commands/echo.ts';
import { edit } from './commands/edit.ts';
import { environments } from './commands/environments.ts';
import { events } from './commands/events.ts';
import { exportValues } from './commands/export.ts';
import { get } from './commands/get.ts';
import { history } from './commands/history.ts';
import { importValues } from './commands/import.ts';
import { init } from './commands/init.ts';
import { list } from './commands/list.ts';
import { login } from './commands/login.ts';
import { logout } from './commands/logout.ts';
import { projects } from './commands/projects.ts';
import { restore } from './commands/restore.ts';
import { rm } from './commands/rm.ts';
import { routesApply } from './commands/routes/apply.ts';
import { routesCall } from './commands/routes/call.ts';
import { routesCalls } from './commands/routes/calls.ts';
import { routesDelete } from './commands/routes/delete.ts';
import { routesList } from './commands/routes/list.ts';
import { routesPreview } from './commands/routes/preview.ts';
import { routesShow } from './commands/routes/show.ts';
import { routesVersions } from './commands/routes/versions.ts';
import { run } from './commands/run.ts';
import { serve } from './commands/serve.ts';
import { set } from './commands/set.ts';
import { template } from './commands/template.ts';
import { whoami } from './commands/whoami.ts';

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  login,
  logout,
  whoami,
  init,
  projects,
  environments,
  list,
  get,
  set,
  edit,
  rm,
  history,
  restore,
  diff,
  run,
  exportValues,
  importValues,
  template,
  allow,
  routesList,
  routesShow,
  routesApply,
  routesPreview,
  routesCall,
  routesCalls,
  routesVersions,
  routesDelete,
  echo,
  events,
  completion(() => COMMANDS),
  serve,
  ...adminCommands,
];
