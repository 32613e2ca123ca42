/** Those of routes and of their calls. On a call each answer of ours names its code in `X-Coffer-Route-Error`. */
export const ROUTE_ERRORS = {
  origin_not_allowed: {
    status: 403,
    title: 'The entry may not be sent there',
    detail: 'The entry {key} does not allow routes to send it to {origin}.',
    remedy:
      "Allow the origin on the entry, if it is meant to go there: `/vault/allow/origins`, or the entry's page.",
  },
  path_not_allowed: {
    status: 403,
    title: 'The entry may not stand in a path',
    detail: 'The entry {key} does not allow routes to put it into the path of a URL.',
    remedy: 'Send it in a header, or allow it on the entry: paths are written to the logs of servers.',
  },
  route_unauthorized: {
    status: 403,
    title: 'The route has lost its right',
    detail: 'Who saved this version of the route may no longer view the entries that it names.',
    remedy: 'Have someone who may view the entries save the route again.',
  },
  route_unusable: {
    status: 409,
    title: 'The route cannot be used now',
    detail: 'The route cannot be used as it is now. Those who look after it find the reason among its calls.',
    remedy: 'Tell a ROOT or ADMIN member of the project.',
  },
  route_not_found: {
    status: 404,
    title: 'No such route',
    detail: 'There is no such route, or it is not yours to see.',
    remedy: 'Check method, path and id of the route, and that you are a member of its project.',
  },
  route_exists: {
    status: 409,
    title: 'The route exists',
    detail: 'The project has a route with this id.',
    remedy: 'Choose another id, or update the route.',
  },
  route_path_taken: {
    status: 409,
    title: 'The path is taken',
    detail: 'Another route of the project is served at this method and path.',
    remedy: 'Choose another path or method, or change the other route.',
  },
  route_limit: {
    status: 409,
    title: 'Too many routes',
    detail: 'The project has {limit} routes, which is as many as it can have.',
    remedy: 'Delete routes that are no longer needed.',
  },
  route_entry_missing: {
    status: 409,
    title: 'The route names an entry that is not there',
    detail: 'The route uses {key}, which does not exist.',
    remedy: 'Create the entry again and allow the origin on it, or change the route.',
  },
  route_value_unusable: {
    status: 409,
    title: 'The request cannot be built',
    detail: 'What would be sent in {place} cannot stand there: {reason}.',
    remedy:
      'Correct the value of the entry or the definition of the route: a line break at the end of a value is the usual cause.',
  },
  too_many_calls: {
    status: 429,
    title: 'Too many calls',
    detail: 'There are more calls than the route takes.',
    remedy: 'Wait as long as `Retry-After` says (seconds), then try again.',
  },
  route_upstream_unreachable: {
    status: 502,
    title: 'The outside API cannot be reached',
    detail: 'The outside API cannot be reached: {reason}.',
    remedy:
      'Check the origin of the route, and that the server can reach it. If it is at a private address or not at https, the administrator allows its origin with `COFFER_EGRESS_ALLOW`.',
  },
  route_response_refused: {
    status: 502,
    title: 'The answer is not passed on',
    detail: 'The answer of the outside API is not passed on: {reason}.',
    remedy: 'Correct the rules of the route for the answer, if the answer is as it should be.',
  },
  route_upstream_timeout: {
    status: 504,
    title: 'The outside API took too long',
    detail: 'The outside API did not answer within the time that the route gives it.',
    remedy: 'Try again, or give the route more time.',
  },
} as const;
