import { AppError, type ProjectId, type RouteDefinition } from '@coffer/core';
import { compileRoute, type CompiledRoute } from '../outbound/compiled-route.ts';
import type { RouteVersion } from '../store/routes.ts';

const CALLS_MAX = 512;
const CALLS_PER_PROJECT_MAX = 128;
const COMPILED_MAX = 500;

/** The calls of routes that are under way on this node, and the routes that they need. */
export class RunningCalls {
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #byProject = new Map<ProjectId, number>();
  /** By their text. */
  readonly #compiled = new Map<string, CompiledRoute>();

  /** Runs a call. Fails with `overloaded` when there are too many, of this project or in all. The signal tells that the server stops. */
  async run(project: ProjectId, call: (stopped: AbortSignal) => Promise<void>): Promise<void> {
    const ofProject = this.#byProject.get(project) ?? 0;
    if (this.#running.size >= CALLS_MAX || ofProject >= CALLS_PER_PROJECT_MAX)
      throw new AppError('overloaded');
    this.#byProject.set(project, ofProject + 1);
    const running = call(this.#stopping.signal);
    this.#running.add(running);
    try {
      await running;
    } finally {
      this.#running.delete(running);
      const left = (this.#byProject.get(project) ?? 0) - 1;
      if (left > 0) this.#byProject.set(project, left);
      else this.#byProject.delete(project);
    }
  }

  /** A version with its templates parsed: it never changes, so this is done once. */
  compiled({ definition }: RouteVersion): CompiledRoute {
    const known = this.#compiled.get(definition);
    if (known !== undefined) return known;
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size >= COMPILED_MAX && oldest !== undefined) this.#compiled.delete(oldest);
    const compiled = compileRoute(JSON.parse(definition) as RouteDefinition);
    this.#compiled.set(definition, compiled);
    return compiled;
  }

  /** Ends what is under way. Those that wait for it find their calls recorded as ended. */
  stop(): void {
    this.#stopping.abort();
  }

  async settle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}
