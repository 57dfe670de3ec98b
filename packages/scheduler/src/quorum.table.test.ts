/** Scenarios of agreement and disagreement: who is asked, what is canonical, who gets which verdict. */
import { describe, expect, it } from 'vitest';
import { plainScenario, playScenario } from './testing/index.ts';

const SCENARIOS: Readonly<Record<string, string>> = {
  'two equal results are canonical and the third still counts': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=x -> record #1; free a1 1
    report b1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 valid in 0; record #2; free b1 1
    report c1 0=x -> c1 valid in 0; j finished; record #3; free c1 1
    show 0 -> verified closed, #1 a1 reported valid, #2 b1 reported valid, #3 c1 reported valid
    show c1 -> valid 1 invalid 0 inconclusive 0 late 0 unanswered 0 credit 10
    show j -> finished begun 1 closed 1 verified 1 disputed 0 abandoned 0 results 1 fuel 10
  `,
  'a liar in the minority is invalid, whichever place it answers in': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report b1 0=lie -> record #2; free b1 1
    report a1 0=x -> record #1; free a1 1
    report c1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 invalid in 0; c1 valid in 0; j finished; record #3; free c1 1
    show 0 -> verified closed, #1 a1 reported valid, #2 b1 reported invalid, #3 c1 reported valid
    show b1 -> valid 0 invalid 1 inconclusive 0 late 0 unanswered 0 credit 0
    show j -> finished begun 1 closed 1 verified 1 disputed 0 abandoned 0 results 1 fuel 10
  `,
  'a pair that conspires fills a quorum and wins: the honest third is called invalid': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=x -> record #1; free a1 1
    report b1 0=lie -> record #2; free b1 1
    report c1 0=lie -> 0 verified; entry 1; a1 invalid in 0; b1 valid in 0; c1 valid in 0; j finished; record #3; free c1 1
    show 0 -> verified closed, #1 a1 reported invalid, #2 b1 reported valid, #3 c1 reported valid
    show a1 -> valid 0 invalid 1 inconclusive 0 late 0 unanswered 0 credit 0
  `,
  'nodes without a token in one network have one place in a task between them': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer n1 1 -> 0 running; grant #1=0
    offer n2 1 -> refuse 1 not-eligible
    offer a1 1 -> grant #2=0
    offer n3 1 -> refuse 1 not-eligible
    offer b1 1 -> grant #3=0; demand 0
    report n1 0=lie -> record #1; free n1 1
    report n2 #1=lie -> reject #1 not-your-lease; abandon n2 #1
    report a1 0=x -> record #2; free a1 1
    report b1 0=x -> 0 verified; entry 1; n1 invalid in 0; a1 valid in 0; b1 valid in 0; j finished; record #3; free b1 1
    show 0 -> verified closed, #1 n1 reported invalid, #2 a1 reported valid, #3 b1 reported valid
  `,
  'three different results ask a fourth owner': `
    at 1 ->
    fleet 4 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=x -> record #1; free a1 1
    report b1 0=y -> record #2; free b1 1
    report c1 0=z -> record #3; free c1 1; demand 1
    offer a2 1 -> refuse 1 not-eligible
    offer d1 1 -> grant #4=0; demand 0
    report d1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 invalid in 0; c1 invalid in 0; d1 valid in 0; j finished; record #4; free d1 1
    show 0 -> verified closed, #1 a1 reported valid, #2 b1 reported invalid, #3 c1 reported invalid, #4 d1 reported valid
  `,
  'equal outputs with unequal fuel differ': `
    at 1 ->
    fleet 4 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=x*10 -> record #1; free a1 1
    report b1 0=x*11 -> record #2; free b1 1
    report c1 0=x*11 -> 0 verified; entry 1; a1 invalid in 0; b1 valid in 0; c1 valid in 0; j finished; record #3; free c1 1
    show 0 -> verified closed, #1 a1 reported invalid, #2 b1 reported valid, #3 c1 reported valid
    show b1 -> valid 1 invalid 0 inconclusive 0 late 0 unanswered 0 credit 11
  `,
  'six different results are a dispute, with everything kept': `
    at 1 ->
    fleet 7 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=u -> record #1; free a1 1
    report b1 0=v -> record #2; free b1 1
    report c1 0=w -> record #3; free c1 1; demand 1
    offer d1 1 -> grant #4=0; demand 0
    report d1 0=x -> record #4; free d1 1; demand 1
    offer e1 1 -> grant #5=0; demand 0
    report e1 0=y -> record #5; free e1 1; demand 1
    offer f1 1 -> grant #6=0; demand 0
    report f1 0=z -> a1 inconclusive in 0; b1 inconclusive in 0; c1 inconclusive in 0; d1 inconclusive in 0; e1 inconclusive in 0; f1 inconclusive in 0; 0 disputed; entry 1; j finished; record #6; free f1 1
    show 0 -> disputed closed, #1 a1 reported inconclusive, #2 b1 reported inconclusive, #3 c1 reported inconclusive, #4 d1 reported inconclusive, #5 e1 reported inconclusive, #6 f1 reported inconclusive, 6 results and no 2 of them agree
    show a1 -> valid 0 invalid 0 inconclusive 1 late 0 unanswered 0 credit 0
    show j -> finished begun 1 closed 1 verified 0 disputed 1 abandoned 0 results 1 fuel 0
  `,
  'a trap that the quorum shares is a verified failure': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=trap:unreachable*5 -> record #1; free a1 1
    report b1 0=trap:unreachable*5 -> 0 verified; entry 1; a1 valid in 0; b1 valid in 0; record #2; free b1 1
    report c1 0=fuel:unreachable*5 -> c1 invalid in 0; j finished; record #3; free c1 1
    show 0 -> verified closed, #1 a1 reported valid, #2 b1 reported valid, #3 c1 reported invalid
    show j -> finished begun 1 closed 1 verified 1 disputed 0 abandoned 0 results 1 fuel 5
  `,
  'an abort is never compared: its replica is tried again on another owner': `
    at 1 ->
    fleet 4 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=abort:memory-refused -> record #1; free a1 1; demand 1
    offer a2 1 -> refuse 1 not-eligible
    offer d1 1 -> grant #4=0; demand 0
    report b1 0=x -> record #2; free b1 1
    report d1 0=x -> 0 verified; entry 1; b1 valid in 0; d1 valid in 0; record #4; free d1 1
    report c1 0=x -> c1 valid in 0; j finished; record #3; free c1 1
    show 0 -> verified closed, #1 a1 reported -, #2 b1 reported valid, #3 c1 reported valid, #4 d1 reported valid
    show a1 -> valid 0 invalid 0 inconclusive 0 late 0 unanswered 1 credit 0
  `,
  'five failed attempts abandon a task, with their reasons': `
    at 1 ->
    fleet 6 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=abort:memory-refused -> record #1; free a1 1; demand 1
    report b1 0=abort:memory-refused -> record #2; free b1 1
    report c1 0=abort:host-stack -> record #3; free c1 1; demand 3
    offer d1 1 -> grant #4=0
    offer e1 1 -> grant #5=0
    offer f1 1 -> grant #6=0; demand 0
    report d1 0=abort:memory-refused -> record #4; free d1 1; demand 1
    report e1 0=x -> record #5; free e1 1
    lost f1 -> e1 inconclusive in 0; 0 abandoned; entry 1; j finished; abandon f1 #6; free f1 1; demand 0
    show 0 -> abandoned closed, #1 a1 reported -, #2 b1 reported -, #3 c1 reported -, #4 d1 reported -, #5 e1 reported inconclusive, #6 f1 lost -, 5 attempts failed; 3 times aborted: memory-refused; aborted: host-stack; the link is silent
    show e1 -> valid 0 invalid 0 inconclusive 1 late 0 unanswered 0 credit 0
    show j -> finished begun 1 closed 1 verified 0 disputed 0 abandoned 1 results 1 fuel 0
  `,
  'live leases may still decide a task that gets no further attempts': `
    at 1 ->
    fleet 6 ->
    submit j 1 fails 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=abort:memory-refused -> record #1; free a1 1
    report b1 0=x -> record #2; free b1 1
    report c1 0=x -> 0 verified; entry 1; b1 valid in 0; c1 valid in 0; j finished; record #3; free c1 1
    show 0 -> verified closed, #1 a1 reported -, #2 b1 reported valid, #3 c1 reported valid
  `,
  'an unstarted third replica is started after the decision while three owners are online': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    report a1 0=x -> record #1; free a1 1
    report b1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 valid in 0; record #2; free b1 1
    offer c1 1 -> grant #3=0; demand 0
    report c1 0=lie -> c1 invalid in 0; j finished; record #3; free c1 1
    show 0 -> verified closed, #1 a1 reported valid, #2 b1 reported valid, #3 c1 reported invalid
    show c1 -> valid 0 invalid 1 inconclusive 0 late 0 unanswered 0 credit 0
  `,
  'an unstarted third replica is dropped when an owner leaves': `
    at 1 ->
    fleet 3 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    report a1 0=x -> record #1; free a1 1
    report b1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 valid in 0; record #2; free b1 1
    fleet 2 -> j finished; demand 0
    show 0 -> verified closed, #1 a1 reported valid, #2 b1 reported valid
  `,
  'a replica that ends without a result after the decision is not replaced': `
    at 1 ->
    fleet 4 ->
    submit j 1 -> j preparing; prepare j
    prepare j -> j running; demand 3
    offer a1 1 -> 0 running; grant #1=0
    offer b1 1 -> grant #2=0
    offer c1 1 -> grant #3=0; demand 0
    report a1 0=x -> record #1; free a1 1
    report b1 0=x -> 0 verified; entry 1; a1 valid in 0; b1 valid in 0; record #2; free b1 1
    return c1 #3 -> j finished; free c1 1
    show 0 -> verified closed, #1 a1 reported valid, #2 b1 reported valid, #3 c1 returned -
  `,
};

describe('agreement', () => {
  it.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
    expect(playScenario(scenario)).toBe(plainScenario(scenario));
  });
});
