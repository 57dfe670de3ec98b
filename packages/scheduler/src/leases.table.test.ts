/** Scenarios of leases: how they end, what may still come after, and what a hello settles. */
import { describe, expect, it } from 'vitest';
import { plainScenario, playScenario } from './testing/index.ts';

const SCENARIOS: Readonly<Record<string, string>> = {
  'a lease expires at its deadline and another owner is asked': `
    at 1 ->
    fleet 4 ->
    submit j 1 timeout 60 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    at 60 ->
    at 61 -> abandon a1 #1; abandon b1 #2; abandon c1 #3; free a1 1; free b1 1; free c1 1; demand 3
    offer d1 1 -> grant #4=0
    show 0 -> running, #1 a1 expired -, #2 b1 expired -, #3 c1 expired -, #4 d1 live -
    show a1 -> valid 0 invalid 0 inconclusive 0 late 0 unanswered 1 credit 0
  `,
  'an owner whose lease ended is asked again only when nobody else is left': `
    at 1 ->
    fleet 4 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    return a1 #1 -> free a1 1; demand 1
    offer a1 1 -> refuse 1 not-eligible
    offer a2 1 -> refuse 1 not-eligible
    fleet 3 -> demand 1
    offer a2 1 -> grant #4=0; demand 0
    show 0 -> running, #1 a1 returned -, #2 b1 live -, #3 c1 live -, #4 a2 live -
  `,
  'with three owners a returned lease does not starve the task': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    return a1 #1 -> free a1 1
    offer a1 1 -> refuse 1 not-eligible
    offer b1 1 -> grant #2=0; demand 2
    offer c1 1 -> grant #3=0
    report b1 0=x -> record #2; free b1 1
    report c1 0=y -> record #3; free c1 1
    offer a1 1 -> grant #4=0; demand 0
    report a1 0=x -> 0 verified; entry 1; b1 valid in 0; c1 invalid in 0; a1 valid in 0; j finished; record #4; free a1 1
    show 0 -> verified closed, #1 a1 returned -, #2 b1 reported valid, #3 c1 reported invalid, #4 a1 reported valid
    show a1 -> valid 1 invalid 0 inconclusive 0 late 0 unanswered 1 credit 10
  `,
  'a result after the deadline revives its own replica and is credited once': `
    at 1 ->
    fleet 4 ->
    submit j 1 timeout 60 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    at 61 -> abandon a1 #1; abandon b1 #2; free a1 1; free b1 1
    show a1 -> valid 0 invalid 0 inconclusive 0 late 0 unanswered 1 credit 0
    report a1 #1=x -> record #1
    offer c1 1 -> grant #3=0
    report c1 0=x -> 0 verified; entry 1; a1 valid in 0; c1 valid in 0; j finished; record #3; free c1 1; demand 0
    report a1 #1=x -> record #1
    show 0 -> verified closed, #1 a1 expired valid, #2 b1 expired -, #3 c1 reported valid
    show a1 -> valid 1 invalid 0 inconclusive 0 late 0 unanswered 0 credit 10
  `,
  'a late result counts against a second lease of the same owner, which is abandoned': `
    at 1 ->
    fleet 3 ->
    submit j 1 timeout 60 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    at 30 ->
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    at 61 -> abandon a1 #1; free a1 1; demand 1
    offer a2 1 -> grant #4=0; demand 0
    report a1 #1=x -> record #1; abandon a2 #4; free a2 1
    report b1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 valid in 0; record #2; free b1 1
    show 0 -> verified, #1 a1 expired valid, #2 b1 reported valid, #3 c1 live -, #4 a2 abandoned -
    show a1 -> valid 1 invalid 0 inconclusive 0 late 0 unanswered 0 credit 10
    show a2 -> nothing
  `,
  'of two results of one owner only the first counts': `
    at 1 ->
    fleet 3 ->
    submit j 1 timeout 60 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    at 30 ->
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    at 61 -> abandon a1 #1; free a1 1; demand 1
    offer a2 1 -> grant #4=0; demand 0
    report a2 0=x -> record #4; free a2 1
    report a1 #1=x -> a1 late in 0; record #1
    show 0 -> running, #1 a1 expired late, #2 b1 live -, #3 c1 live -, #4 a2 reported -
    report b1 0=x -> 0 verified; entry 1; b1 valid in 0; a2 valid in 0; record #2; free b1 1
    show 0 -> verified, #1 a1 expired late, #2 b1 reported valid, #3 c1 live -, #4 a2 reported valid
    show a1 -> valid 0 invalid 0 inconclusive 0 late 1 unanswered 0 credit 0
  `,
  'a result after its task has closed is late, acknowledged, and worth nothing': `
    at 1 ->
    fleet 4 ->
    submit j 2 timeout 60 -> j preparing; prepare j
    prepare j -> j running; demand 6
    offer a1 1 -> 0 running; grant #1=0
    at 61 -> abandon a1 #1; free a1 1
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0
    offer d1 1 -> grant #4=0
    report b1 0=x -> record #2; free b1 1
    report c1 0=x -> 0 verified; entry 1; b1 valid in 0; c1 valid in 0; record #3; free c1 1
    report d1 0=x -> d1 valid in 0; record #4; free d1 1
    show 0 -> verified closed, #1 a1 expired -, #2 b1 reported valid, #3 c1 reported valid, #4 d1 reported valid
    report a1 #1=x -> a1 late in 0; record #1
    report a1 #1=x -> record #1
    show a1 -> valid 0 invalid 0 inconclusive 0 late 1 unanswered 1 credit 0
  `,
  'the first result of a lease stands: an equal repeat is acknowledged, a differing second refused': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    report a1 0=x -> record #1; free a1 1
    report a1 0=x -> record #1
    report a1 0=y -> reject #1 result-changed; abandon a1 #1
    show 0 -> running, #1 a1 reported -
  `,
  'results for leases of others, of nobody, for another grant, or over its limits are refused': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    report b1 #1=x -> reject #1 not-your-lease; abandon b1 #1
    report b1 #99=x -> reject #99 unknown-lease; abandon b1 #99
    report b1 #0=x -> reject #0 unknown-lease; abandon b1 #0
    report b1 #2=x! -> reject #2 grant-mismatch
    report b1 #2=x*1000001 -> reject #2 grant-mismatch
    report b1 #2=x -> record #2; free b1 1
    show 0 -> running, #1 a1 live -, #2 b1 reported -
  `,
  'a lost node loses its leases, and its task goes elsewhere': `
    at 1 ->
    fleet 4 ->
    submit j 2 -> j preparing; prepare j
    prepare j -> j running; demand 6
    offer a1 2 -> 0 running; 1 running; grant #1=0 #2=1
    lost a1 -> abandon a1 #1 #2; free a1 2
    show 0 -> running, #1 a1 lost -
    show a1 -> valid 0 invalid 0 inconclusive 0 late 0 unanswered 2 credit 0
  `,
  'a hello keeps the leases it names, ends those it does not, and abandons what is not its own': `
    at 1 ->
    fleet 3 ->
    submit j 3 -> j preparing; prepare j
    prepare j -> j running; demand 9
    offer a1 2 -> 0 running; 1 running; grant #1=0 #2=1
    offer b1 1 -> grant #3=1
    hello a1 2 #1 #3 #77 -> abandon a1 #3 #77; free a1@2 2
    show 0 -> running, #1 a1 live -
    show 1 -> running, #2 a1 returned -, #3 b1 live -
    report a1 #1=x -> record #1; free a1@2 1
  `,
  'a hello of the same session ends nothing': `
    at 1 ->
    fleet 3 ->
    submit j 2 -> j preparing; prepare j
    prepare j -> j running; demand 6
    offer a1 2 -> 0 running; 1 running; grant #1=0 #2=1
    hello a1 1 #1 ->
    show 1 -> running, #2 a1 live -
  `,
  'a displaced session is ignored': `
    at 1 ->
    fleet 3 ->
    submit j 2 -> j preparing; prepare j
    prepare j -> j running; demand 6
    offer a1 1 -> 0 running; grant #1=0
    hello a1 3 #1 ->
    hello a1 2 ->
    show 0 -> running, #1 a1 live -
    offer a1 1 -> refuse 1 not-eligible
  `,
  'the loss of an earlier session does not touch what a later one holds': `
    at 1 ->
    fleet 3 ->
    submit j 2 -> j preparing; prepare j
    prepare j -> j running; demand 6
    offer a1 1 -> 0 running; grant #1=0
    hello a1 2 #1 ->
    lost a1@1 ->
    show 0 -> running, #1 a1 live -
    return a1@1 #1 ->
    lost a1 -> abandon a1 #1; free a1@2 1
    show 0 -> running, #1 a1 lost -
  `,
  'leases outlive a restart, and nothing expires before the grace ends': `
    at 1 ->
    fleet 3 ->
    submit j 1 timeout 10 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    restart -> demand 1
    at 12 ->
    hello a1 2 #1 ->
    at 41 ->
    report a1 #1=x -> record #1; free a1@2 1
    at 42 -> abandon b1 #2; free b1 1
    show 0 -> running, #1 a1 reported -, #2 b1 lost -
  `,
  'leases granted after a restart keep their deadline, once the grace is over': `
    at 1 ->
    fleet 3 ->
    submit j 2 timeout 300 -> j preparing; prepare j
    prepare j -> j running; demand 6
    offer a1 1 -> 0 running; grant #1=0
    restart -> demand 2
    at 2 ->
    hello a1 2 #1 ->
    fleet 3 -> demand 5
    offer a1 1 -> 1 running; grant #2=1
    at 40 ->
    at 301 -> abandon a1 #1; free a1@2 1
    at 302 -> abandon a1 #2; free a1@2 1
  `,
  'results reported before a restart are acknowledged again after it': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=x -> record #1; free a1 1
    restart -> demand 0
    hello a1 2 #1 -> abandon a1 #1; free a1@2 1
    report a1 #1=x -> record #1
    report b1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 valid in 0; record #2; free b1 1
    report c1 0=x -> c1 valid in 0; j finished; record #3; free c1 1
    restart -> demand 0
    report c1 #3=x -> record #3
    show c1 -> valid 1 invalid 0 inconclusive 0 late 0 unanswered 0 credit 10
  `,
  'a task that everybody gives back is offered to the first again': `
    at 1 ->
    fleet 3 ->
    submit j 1 replicas 1 quorum 1 -> j preparing; prepare j
    prepare j -> j running; demand 1
    offer a1 1 -> 0 running; grant #1=0; demand 0
    return a1 #1 -> free a1 1; demand 1
    offer a1 1 -> refuse 1 not-eligible
    offer b1 1 -> grant #2=0; demand 0
    return b1 #2 -> free b1 1; demand 1
    offer c1 1 -> grant #3=0; demand 0
    return c1 #3 -> free c1 1; demand 1
    offer a1 1 -> grant #4=0; demand 0
    show 0 -> running, #1 a1 returned -, #2 b1 returned -, #3 c1 returned -, #4 a1 live -
  `,
};

describe('leases', () => {
  it.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
    expect(playScenario(scenario)).toBe(plainScenario(scenario));
  });

  it('gives one task so many leases and no more', () => {
    const rounds = Array.from(
      { length: 64 },
      (_, i) => `offer ${'abc'[i % 3]}1 1\nreturn ${'abc'[i % 3]}1 #${i + 1}`,
    );
    const played = playScenario(
      `at 1\nfleet 3\nsubmit j 1 replicas 1 quorum 1\nprepare j\n${rounds.join('\n')}\nshow 0\nshow j`,
    );
    expect(played).toContain('0 abandoned; entry 1; j finished');
    expect(played).toContain('64 leases were given, the limit is 64; 64 times the owner is back');
  });
});
