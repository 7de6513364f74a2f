// The state of a list lives in the address, so that every view and filter can be linked to.

import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';

export function useFilters() {
  const [parameters, setParameters] = useSearchParams();
  const filters = useMemo(() => Object.fromEntries(parameters.entries()) as Record<string, string | undefined>, [parameters]);
  const set = useCallback(
    (changes: Record<string, string | null | undefined>) => {
      setParameters((before) => {
        const after = new URLSearchParams(before);
        // Another filter begins at the first page again; the trail of pages is kept by the caller.
        if (!('after' in changes)) after.delete('after');
        for (const [key, value] of Object.entries(changes)) {
          if (value === null || value === undefined || value === '') after.delete(key);
          else after.set(key, value);
        }
        return after;
      });
    },
    [setParameters],
  );
  const clear = useCallback(() => setParameters({}), [setParameters]);
  return { filters, set, clear };
}
