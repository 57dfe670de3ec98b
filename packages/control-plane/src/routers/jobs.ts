/** jobs.*: submit, look, cancel, and the result log as pages or as a stream that resumes. */
import { TrineError } from '@trine/protocol';
import { tracked } from '@trpc/server';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import { keyProcedure, openProcedure, router, withMappedErrors } from '../trpc.ts';
import {
  disagreementsInput,
  jobInput,
  jobsInput,
  resultsInput,
  resultsPageInput,
  submitSchema,
  taskInput,
  tasksInput,
  taskStatesInput,
} from './schemas.ts';

const TOO_MANY_STATES =
  `One request may ask for ${CONTROL_PLANE_LIMITS.requestStates.value} task states, over all its calls. ` +
  'Ask for fewer, or in several requests.';

export const jobsRouter = router({
  submit: keyProcedure
    .input(submitSchema)
    .mutation(({ ctx, input }) => ctx.services.jobs.submit(ctx.caller, input)),
  cancel: keyProcedure
    .input(jobInput)
    .mutation(({ ctx, input }) => ctx.services.jobs.cancel(ctx.caller, input.job)),

  get: openProcedure.input(jobInput).query(({ ctx, input }) => ctx.services.jobs.get(ctx.caller, input.job)),
  list: openProcedure.input(jobsInput.optional()).query(({ ctx, input }) =>
    ctx.services.jobs.list(ctx.caller, {
      state: input?.state,
      before: input?.before,
      count: input?.count ?? 100,
    }),
  ),
  tasks: openProcedure
    .input(tasksInput)
    .query(({ ctx, input }) => ctx.services.jobs.tasks(ctx.caller, input)),
  task: openProcedure
    .input(taskInput)
    .query(({ ctx, input }) => ctx.services.jobs.task(ctx.caller, input.job, input.index)),
  taskStates: openProcedure.input(taskStatesInput).query(({ ctx, input }) => {
    if (ctx.takeStates?.(input.count) === false) throw new TrineError('limit-exceeded', TOO_MANY_STATES);
    return ctx.services.jobs.taskStates(ctx.caller, input);
  }),
  disagreements: openProcedure
    .input(disagreementsInput.optional())
    .query(({ ctx, input }) => ctx.services.jobs.disagreements(ctx.caller, input?.job, input?.count ?? 50)),
  resultsPage: openProcedure
    .input(resultsPageInput)
    .query(({ ctx, input }) => ctx.services.jobs.resultsPage(ctx.caller, input)),
  results: openProcedure.input(resultsInput).subscription(async function* ({ ctx, input, signal }) {
    const source = ctx.services.jobs.results(ctx.caller, {
      job: input.job,
      after: Number(input.lastEventId ?? 0),
      signal: signal ?? new AbortController().signal,
    });
    for await (const result of withMappedErrors(source)) yield tracked(String(result.sequence), result);
  }),
});
