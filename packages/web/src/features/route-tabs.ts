/** The parts of the page of a route, as its address names them. */
export const ROUTE_TABS = ['definition', 'try', 'versions', 'calls'] as const;
export type RouteTab = (typeof ROUTE_TABS)[number];
