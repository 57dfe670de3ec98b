/** Scenarios of jobs: preparation, order, owners, inputs, cancelling, recovery. */
import { describe, expect, it } from 'vitest';
import { plainScenario, playScenario } from './testing/index.ts';

const SCENARIOS: Readonly<Record<string, string>> = {
  'a job with zero inputs is refused and breaks nothing': `
    at 1 ->
    submit j 0 -> j refused (no-inputs: a job needs at least one input)
    prepare j ->
    show j -> refused begun 0 closed 0 verified 0 disputed 0 abandoned 0 results 0 fuel 0
  `,
  'a refused module ends its job, with the reason': `
    at 1 ->
    submit j 1 -> j preparing; prepare j
    refuse j -> j refused (module-refused: imports env.now)
    refuse j ->
    show j -> refused begun 0 closed 0 verified 0 disputed 0 abandoned 0 results 0 fuel 0
  `,
  'fewer than three owners: tasks wait, the job says why, and stops saying it': `
    at 1 ->
    fleet 2 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; j running (waiting: 2 of 3 owners online)
    offer a1 1 -> refuse 1 too-few-owners
    fleet 1 -> j running (waiting: 1 of 3 owners online)
    fleet 3 -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
  `,
  'a task that has begun goes on with fewer owners than it began with': `
    at 1 ->
    fleet 3 ->
    submit j 2 -> j preparing; prepare j
    prepare j -> j running; demand 6
    offer a1 1 -> 0 running; grant #1=0
    fleet 2 -> j running (waiting: 2 of 3 owners online)
    offer b1 1 -> grant #2=0
    offer b1 1 -> refuse 1 too-few-owners
    report a1 0=x -> record #1; free a1 1
    report b1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 valid in 0; record #2; free b1 1; demand 0
    show 0 -> verified closed, #1 a1 reported valid, #2 b1 reported valid
    fleet 3 -> j running; demand 3
  `,
  'a disagreement nobody online can settle is said': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=x -> record #1; free a1 1
    report b1 0=y -> record #2; free b1 1
    report c1 0=z -> record #3; j running (waiting: an owner beyond the 3 online is needed to settle a disagreement); free c1 1; demand 1
    offer a1 1 -> refuse 1 not-eligible
    fleet 4 -> j running; demand 1
    offer d1 1 -> grant #4=0; demand 0
  `,
  'before the fleet is known nothing begins': `
    at 1 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running
    offer a1 1 -> refuse 1 shard-restarting
  `,
  'higher priority first, then the older job; what has begun before what has not': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    at 2 ->
    submit k 2 -> k preparing; prepare k
    at 3 ->
    submit m 1 priority 5 -> m preparing; prepare m
    prepare k -> k running; demand 6
    prepare j -> j running
    offer a1 1 -> 0 running; grant #1=0
    prepare m -> m running; demand 11 at 5
    offer a1 1 -> m/0 running; grant #2=m/0
    offer a1 2 -> k/0 running; k/1 running; grant #3=k/0 #4=k/1
    offer b1 9 -> grant #5=m/0 #6=0 #7=k/1 #8=k/0; refuse 5 not-eligible
  `,
  'one node of an owner gets each task once, and nodes of one owner count as one': `
    at 1 ->
    fleet 3 ->
    submit j 2 -> j preparing; prepare j
    prepare j -> j running; demand 6
    offer a1 5 -> 0 running; 1 running; grant #1=0 #2=1; refuse 3 not-eligible
    offer a2 1 -> refuse 1 not-eligible
    offer b1 5 -> grant #3=0 #4=1; refuse 3 not-eligible
    offer c1 5 -> grant #5=0 #6=1; refuse 3 no-work; demand 0
  `,
  'inputs of a list are read before its tasks begin': `
    at 1 ->
    fleet 3 ->
    submit j 3 list -> j preparing; prepare j
    prepare j -> j running; load j 0+3
    offer a1 1 -> refuse 1 not-eligible
    load j 0 2 -> demand 6
    offer a1 9 -> 0 running; 1 running; grant #1=0 #2=1; refuse 7 not-eligible
    restart -> load j 2+1; demand 4
    fleet 3 ->
    offer b1 9 -> grant #3=0 #4=1; refuse 7 not-eligible
    load j 0 3 -> demand 5
    load k 0 3 ->
    offer b1 9 -> 2 running; grant #5=2; refuse 8 not-eligible
  `,
  'cancelling abandons live leases and keeps what was verified': `
    at 1 ->
    fleet 3 ->
    submit j 3 -> j preparing; prepare j
    prepare j -> j running; demand 9
    offer a1 2 -> 0 running; 1 running; grant #1=0 #2=1
    offer b1 2 -> grant #3=1 #4=0
    report a1 0=x -> record #1; free a1 1
    report b1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 valid in 0; record #4; free b1 1
    report a1 1=x -> record #2; free a1 1
    cancel j -> a1 inconclusive in 1; 1 cancelled; j cancelled (no longer needed); abandon b1 #3; free b1 1; demand 0
    show 0 -> verified closed, #1 a1 reported valid, #4 b1 reported valid
    show 1 -> cancelled closed, #2 a1 reported inconclusive, #3 b1 abandoned -, the job was cancelled
    show 2 -> nothing
    show j -> cancelled begun 2 closed 2 verified 1 disputed 0 abandoned 0 results 1 fuel 10
    report b1 1=x -> b1 late in 1; record #3
    cancel j ->
    show a1 -> valid 1 invalid 0 inconclusive 1 late 0 unanswered 0 credit 10
  `,
  'a job under preparation is cancelled at once': `
    at 1 ->
    submit j 3 -> j preparing; prepare j
    cancel j -> j cancelled (no longer needed)
    prepare j ->
  `,
  'a job submitted again while it runs is the same job': `
    at 1 ->
    submit j 3 -> j preparing; prepare j
    submit j 3 ->
    restart -> prepare j; demand 0
    prepare j -> j running
    prepare j ->
  `,
  'recovery asks again for what was under way': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    submit k 9 list -> k preparing; prepare k
    prepare k -> k running; load k 0+9
    restart -> prepare j; load k 0+9; demand 0
  `,
};

describe('jobs', () => {
  it.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
    expect(playScenario(scenario)).toBe(plainScenario(scenario));
  });

  it('reads inputs ahead in windows, the next when half of one is used', () => {
    const play = (offers: string) =>
      playScenario(`at 1\nfleet 3\nsubmit j 300 list\nprepare j\nload j 0 256\n${offers}`);
    expect(play('offer a1 127')).not.toContain('load j 256');
    expect(play('offer a1 128')).toContain('load j 256+44');
    expect(play('offer a1 127\nrestart').split('\n').at(-1)).toBe('restart -> load j 127+173; demand 254');
  });

  it('begins no more tasks of a job than may wait for their other replicas', () => {
    const five = (offer: string): string => `${offer}\n`.repeat(5);
    const begin = `at 1\nfleet 3\nsubmit j 5000\nprepare j\n${five('offer a1 256')}`;
    expect(playScenario(`${begin}show j`)).toContain('running begun 1024 closed 0');
    expect(playScenario(begin).split('\n').at(-1)).toContain('refuse 256 not-eligible');
    const filled = `${begin}${five('offer b1 256')}`;
    expect(playScenario(`${filled}offer a1 1`)).not.toContain('1024 running');
    expect(playScenario(`${filled}offer c1 1\noffer a1 1`)).toContain('1024 running');
  });
});
