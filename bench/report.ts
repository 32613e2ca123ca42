import type { Machine } from './machine.ts';
import type { Plan, Results, Sample } from './measure.ts';
import { OPERATIONS } from './operations.ts';

export type Report = Results & { startedAt: string; machine: Machine; plan: Plan };

/** Tables in Markdown, which is readable as it is. Medians over the rounds; ratios within each round first. */
export function printReport({ startedAt, machine, plan, samples, starts, loaded }: Report): void {
  print(
    `${startedAt} · ${machine.cpu}, ${machine.cores} cores, ${machine.memoryMib} MiB, Linux ${machine.kernel}, ` +
      `Node ${machine.node} · ${plan.rounds} round${plan.rounds === 1 ? '' : 's'} of ${plan.milliseconds / 1000} s`,
  );
  for (const { name, says } of OPERATIONS) {
    const own = samples.filter(({ operation }) => operation === name);
    if (own.length > 0) printOperation(says, own);
  }
  print('\n| start | first answer ms | idle MiB |\n| --- | ---: | ---: |');
  for (const subject of new Set(starts.map((each) => each.subject))) {
    const own = starts.filter((each) => each.subject === subject);
    const idle = own.flatMap(({ idleMib }) => (idleMib === undefined ? [] : [idleMib]));
    print(
      `| ${subject} | ${rounded(median(own.map(({ firstAnswerMs }) => firstAnswerMs)))} | ` +
        `${idle.length === 0 ? '' : rounded(median(idle))} |`,
    );
  }
  print('\n| after the load | entries | MiB | at most |\n| --- | ---: | ---: | ---: |');
  for (const { subject, entries, residentMib, peakMib } of loaded) {
    print(`| ${subject} | ${entries} | ${rounded(residentMib)} | ${rounded(peakMib)} |`);
  }
}

function printOperation(title: string, samples: readonly Sample[]): void {
  print(
    `\n| ${title} | entries | connections | per second | of node:http | of Fastify | p50 ms | p99 ms | p99/p50 | CPU µs | CPU of node:http | database µs | steal | foreign |`,
  );
  print('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  const groups = Map.groupBy(
    samples,
    (sample) => `${sample.connections} ${sample.subject} ${sample.entries}`,
  );
  for (const own of groups.values()) {
    const [{ subject, entries, connections }] = own as [Sample, ...Sample[]];
    const to = (name: string, of: (own: Sample, other: Sample) => number): number =>
      median(
        own.flatMap((sample) => {
          const other = samples.find(
            (each) =>
              each.subject === name && each.connections === connections && each.round === sample.round,
          );
          return other === undefined ? [] : [of(sample, other)];
        }),
      );
    const of = (field: (sample: Sample) => number): number => median(own.map(field));
    const cells = [
      subject,
      entries ?? '',
      connections,
      Math.round(of(({ perSecond }) => perSecond)),
      ratio(to('node:http', (one, other) => one.perSecond / other.perSecond)),
      ratio(to('fastify', (one, other) => one.perSecond / other.perSecond)),
      of(({ p50 }) => p50).toFixed(2),
      of(({ p99 }) => p99).toFixed(2),
      of(({ p50, p99 }) => p99 / p50).toFixed(1),
      rounded(of(({ cpuPerRequest }) => cpuPerRequest)),
      ratio(to('node:http', (one, other) => other.cpuPerRequest / one.cpuPerRequest)),
      rounded(of(({ databaseCpuPerRequest }) => databaseCpuPerRequest)),
      of(({ steal }) => steal).toFixed(2),
      of(({ foreign }) => foreign).toFixed(2),
    ];
    print(`| ${cells.join(' | ')} |`);
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function rounded(number: number): number {
  return Math.round(number * 10) / 10;
}

function ratio(number: number): string {
  return number.toFixed(3);
}

function print(text: string): void {
  console.log(text);
}
