import { routeKeys, type AuditEntry, type RouteDefinition } from '@coffer/core';
import type { Endpoints, Output } from '@coffer/contract';
import { formatTime } from '../../clock.ts';
import {
  definitionOf,
  type RecordedCall,
  type RouteVersion,
  type SavedRoute,
} from '../../services/routes.ts';
import { CALL_PREFIX } from '../headers.ts';
import { authorShape } from './shapes.ts';

export function routeSummaryShape(saved: SavedRoute) {
  const definition = definitionOf(saved.saved);
  const { method, path, environment, description, access, request } = definition;
  return {
    ...headShape(saved),
    method,
    path,
    environment,
    description,
    access,
    inputs: definitionShape(definition).inputs,
    origin: request.origin,
  };
}

export function routeShape(saved: SavedRoute) {
  const definition = definitionOf(saved.saved);
  return { ...headShape(saved), definition: definitionShape(definition), keys: routeKeys(definition) };
}

export function routeVersionShape(saved: RouteVersion, current: number) {
  return {
    version: saved.version,
    digest: saved.digest,
    saved_at: formatTime(saved.savedAt),
    saved_by: authorShape(saved.savedBy),
    current: saved.version === current,
    definition: definitionShape(definitionOf(saved)),
  };
}

export function callShape({ begin, end }: RecordedCall) {
  const number = (name: string): number | null => numberOf(end, name);
  const state = stateOf(begin, end);
  const { code, reason } = (begin.outcome === 'success' ? end : begin)?.details ?? {};
  return {
    index: begin.index,
    at: begin.at,
    uid: begin.uid,
    username: begin.username,
    ip: begin.ip,
    version: numberOf(begin, 'version'),
    state,
    code: typeof code === 'string' ? code : null,
    reason: typeof reason === 'string' ? reason : null,
    status: number('status'),
    bytes: number('bytes'),
    duration_ms: number('duration_ms'),
    redactions: number('redactions'),
  };
}

function stateOf(begin: AuditEntry, end: AuditEntry | undefined): 'refused' | 'open' | 'done' | 'failed' {
  if (begin.outcome !== 'success') return 'refused';
  if (end === undefined) return 'open';
  return end.outcome === 'success' ? 'done' : 'failed';
}

function numberOf(entry: AuditEntry | undefined, name: string): number | null {
  const value = entry?.details[name];
  return typeof value === 'number' ? value : null;
}

function headShape({ route, saved, apiPath }: SavedRoute) {
  return {
    project_id: route.projectId,
    id: route.id,
    version: saved.version,
    digest: saved.digest,
    saved_at: formatTime(saved.savedAt),
    saved_by: authorShape(saved.savedBy),
    url: `${CALL_PREFIX}${apiPath}${route.path === '/' ? '' : route.path}`,
  };
}

type DefinitionShape = Output<Endpoints['route_fetch_one']>['route']['definition'];

/** The document as it was saved. Its form is that of the answer, whose schema looks at it once more. */
function definitionShape(definition: RouteDefinition): DefinitionShape {
  return definition as unknown as DefinitionShape;
}
