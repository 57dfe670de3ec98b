'use client';
/** The newest entries of a job's result log. */
import type { JobView, ResultView } from '../../lib/views.ts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '../../lib/api.ts';
import { counted, figureText, formatBytes, formatFuel, shortDigest } from '../../lib/format.ts';
import { type OutputForm, previewOutput } from '../../lib/output-preview.ts';
import { TaskStateChip } from '../chips.tsx';
import { Empty, Loading, Panel, WideTable } from '../layout.tsx';

const PAGE = 25;

export function ResultList({ job }: { readonly job: JobView }) {
  const trpc = useTRPC();
  const [back, setBack] = useState(0);
  const after = Math.max(0, job.resultSequence - PAGE * (back + 1));
  const results = useQuery(
    trpc.jobs.resultsPage.queryOptions(
      { job: job.id, after, count: PAGE },
      { enabled: job.resultSequence > 0, placeholderData: keepPreviousData },
    ),
  );
  return (
    <Panel title="Results" flush aside={`${counted(job.resultSequence, 'entry', 'entries')}, newest first`}>
      {job.resultSequence === 0 ? (
        <Empty title="No task is decided yet">
          <p>A result appears here as soon as enough nodes of different owners agree on it.</p>
        </Empty>
      ) : results.data === undefined ? (
        <Loading what="results" />
      ) : (
        <ResultTable
          results={results.data.toReversed()}
          form={{ output: job.manifest.output, abi: job.abi }}
        />
      )}
      <div className="flex items-center justify-end gap-2 px-4 py-2 text-sm sm:px-5">
        <button
          type="button"
          className="button !min-h-9"
          disabled={back === 0}
          onClick={() => setBack(back - 1)}
        >
          Newer
        </button>
        <button
          type="button"
          className="button !min-h-9"
          disabled={after === 0}
          onClick={() => setBack(back + 1)}
        >
          Older
        </button>
      </div>
    </Panel>
  );
}

function ResultTable({
  results,
  form,
}: {
  readonly results: readonly ResultView[];
  readonly form: OutputForm;
}) {
  return (
    <WideTable label="Results">
      <thead>
        <tr>
          <th scope="col" className="number hidden sm:table-cell">
            No.
          </th>
          <th scope="col" className="number">
            Task
          </th>
          <th scope="col">Decision</th>
          <th scope="col">Output</th>
          <th scope="col" className="hidden sm:table-cell">
            Digest
          </th>
          <th scope="col" className="number">
            Fuel
          </th>
        </tr>
      </thead>
      <tbody>
        {results.map((result) => (
          <tr key={result.sequence}>
            <td className="number hidden text-ink-3 sm:table-cell">{result.sequence}</td>
            <td className="number">{result.index}</td>
            <td>
              <span className="flex flex-wrap items-center gap-x-2">
                <TaskStateChip state={result.kind} />
                {result.outcome === undefined || result.outcome === 'completed' ? '' : result.outcome}
              </span>
            </td>
            <td className="min-w-0 break-words sm:min-w-56">
              <Output result={result} form={form} />
            </td>
            <td
              className="code hidden whitespace-nowrap text-ink-3 sm:table-cell"
              title={result.outputDigest}
            >
              {result.outputDigest === undefined ? '' : shortDigest(result.outputDigest)}
            </td>
            <td className="number" title={`${result.fuel} fuel`}>
              {figureText(formatFuel(result.fuel))}
            </td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}

function Output({ result, form }: { readonly result: ResultView; readonly form: OutputForm }) {
  if (result.kind !== 'verified') return <span className="text-ink-2">{result.reason}</span>;
  if (result.output === undefined) {
    return result.outputDigest === undefined ? (
      <span className="text-ink-2">{result.reason}</span>
    ) : (
      <a className="link" href={`/artifacts/${result.outputDigest}`} download={`${result.outputDigest}.bin`}>
        {formatBytes(result.outputBytes)}
      </a>
    );
  }
  const preview = previewOutput(result.output, form);
  if (preview.kind === 'empty') return <span className="text-ink-3">empty</span>;
  return <span className={preview.kind === 'hex' ? 'code' : ''}>{preview.text}</span>;
}
