// Commands of identification: run one, tell what came of it, and show everything anew.

import { useQueryClient } from '@tanstack/react-query';
import { App, Table, type FormInstance } from 'antd';

import type { BatchOutcome } from './api/types';
import { useWords, whole } from './language';

/** Refusals gathered by their reason. */
interface Refusals { reason: string; cases: string[] }

/** What came of a batch: how many were taken, and why the others were not. */
export function useOutcome() {
  const { t } = useWords();
  const { message, modal } = App.useApp();
  return (done: number, refusals: Refusals[], name: (id: string) => string) => {
    if (done > 0) message.success(t('batch_done', { n: whole(done) }));
    const refused = refusals.reduce((sum, { cases }) => sum + cases.length, 0);
    if (refused === 0) return;
    const [only] = refusals;
    if (only && refused === 1) {
      modal.warning({ title: t('batch_refused', { n: 1 }), okText: t('close'), content: <>{only.cases.map(name)}<p data-testid="refusals">{only.reason}</p></> });
      return;
    }
    modal.warning({
      title: t('batch_refused', { n: whole(refused) }),
      width: 640,
      okText: t('close'),
      content: (
        <Table<Refusals>
          size="small" rowKey="reason" dataSource={refusals} pagination={false} data-testid="refusals"
          expandable={{ expandedRowRender: ({ cases }) => <div style={{ maxHeight: 160, overflow: 'auto' }}>{cases.map(name).join('、')}</div> }}
          columns={[{ title: t('reason_of_refusal'), dataIndex: 'reason' }, { title: t('number_of_cases'), width: 80, align: 'right', render: (_, { cases }) => whole(cases.length) }]}
        />
      ),
    });
  };
}

/**
 * Runs a command and asks for everything again; `name` says which household a refused case is of. Answers whether
 * anything was done, so that a form whose cases were all refused keeps what was typed.
 */
export function useCommand(name: (id: string) => string = (id) => id.slice(0, 8)) {
  const { problem, t, of } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const tell = useOutcome();
  return async (command: () => Promise<unknown>) => {
    try {
      const outcome = await command();
      if (outcome && typeof outcome === 'object' && 'refused' in outcome) {
        const { done, refused } = outcome as BatchOutcome;
        const reasons = new Map<string, string[]>();
        for (const { id, detail } of refused) reasons.set(of(detail), [...(reasons.get(of(detail)) ?? []), id]);
        tell(done, [...reasons].map(([reason, cases]) => ({ reason, cases })), name);
        return done > 0 || refused.length === 0;
      }
      message.success(t('saved'));
      return true;
    } catch (error) {
      message.error(problem(error));
      return false;
    } finally {
      await client.invalidateQueries();
    }
  };
}

/** Today by the calendar of China. */
export const today = () => new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);

/** What was filled in; null while something is missing, which the form itself shows. */
export const filled = <T,>(form: FormInstance<T>): Promise<T | null> => form.validateFields().catch(() => null);
