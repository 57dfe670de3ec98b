/** Runs an action when asked, at once if it may and otherwise as soon as the pause is over: never more often. */

export interface Pacer {
  readonly ask: () => void;
  readonly close: () => void;
}

/** However often `ask` is called, `act` runs at most once every `pauseMs`, and once after the last ask. */
export function createPacer(pauseMs: number, act: () => void): Pacer {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = false;
  const rest = (): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (!asked) return;
      asked = false;
      act();
      rest();
    }, pauseMs);
  };
  return {
    ask: () => {
      if (timer !== undefined) {
        asked = true;
        return;
      }
      act();
      rest();
    },
    close: () => {
      clearTimeout(timer);
      timer = undefined;
      asked = false;
    },
  };
}
