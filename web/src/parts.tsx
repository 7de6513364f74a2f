// Small pieces that several pages use.

import { Alert, Button, DatePicker, Empty, Skeleton, Tag } from 'antd';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';
import type { ReactNode } from 'react';

import { Problem } from './api/client';
import type { Area } from './api/types';
import { useWords, whole } from './language';

/** What a query shows while it has no data. */
export function Waiting({ query, empty }: { query: { isPending: boolean; error: unknown; refetch: () => unknown }; empty?: string }) {
  const { problem, t } = useWords();
  // What somebody may not see is refused again however often it is asked for.
  const forbidden = query.error instanceof Problem && query.error.status === 403;
  if (query.error) return <Alert type="error" showIcon title={problem(query.error)} action={!forbidden && <Button onClick={() => query.refetch()}>{t('retry')}</Button>} />;
  if (query.isPending) return <Skeleton active />;
  return <Empty description={empty ?? t('no_data')} />;
}

/** Why a dialog's request was refused, above its fields until the next try: a message that fades cannot be read in peace. */
export function Wrong({ error }: { error: unknown }) {
  const { problem } = useWords();
  return error ? <Alert type="error" showIcon title={problem(error)} style={{ marginBottom: 12 }} data-testid="wrong" /> : null;
}

export function Title({ children, extra }: { children: ReactNode; extra?: ReactNode }) {
  return <div className="title"><h1>{children}</h1><span style={{ flex: 1 }} />{extra}</div>;
}

/**
 * A day as `2026-01-31`, with `time` an instant as `2026-01-31T08:00`: written the same way in every browser. Cleared, it
 * is empty.
 */
export function Day({ value, onChange, id, min, max, time = false, width = '100%', placeholder }: {
  value?: string | undefined; onChange?: (day: string) => void; id?: string; min?: string; max?: string; time?: boolean; width?: number | string; placeholder?: string;
}) {
  return (
    <DatePicker
      {...(id ? { id } : {})} {...(placeholder ? { placeholder } : {})} {...(min ? { minDate: dayjs(min) } : {})} {...(max ? { maxDate: dayjs(max).endOf('day') } : {})}
      {...(time ? { showTime: { format: 'HH:mm' } } : {})} format={time ? 'YYYY-MM-DD HH:mm' : 'YYYY-MM-DD'} style={{ width }}
      value={value ? dayjs(value) : null} onChange={(day) => onChange?.(day ? day.format(time ? 'YYYY-MM-DDTHH:mm' : 'YYYY-MM-DD') : '')}
    />
  );
}

/** Bars of counted things with their numbers. */
export function Bars({ rows }: { rows: { label: string; value: number }[] }) {
  const most = Math.max(1, ...rows.map((row) => row.value));
  return rows.map((row) => (
    <div className="bar" key={row.label}><span>{row.label}</span><i style={{ width: `${(row.value / most) * 100}%` }} /><b>{whole(row.value)}</b></div>
  ));
}

const SEVERITY: Record<string, string> = { block: 'red', clear: 'volcano', omission: 'gold', examine: 'orange', ask: 'blue' };
export function Severity({ code }: { code: string }) {
  const words = useWords();
  return <Tag color={SEVERITY[code] ?? 'default'}>{words.code('severity', code)}</Tag>;
}

const CHOICE: Record<string, string> = { move: 'green', stay: 'default', undecided: 'orange' };
export function Choice({ code }: { code: string | null }) {
  const words = useWords();
  return code ? <Tag color={CHOICE[code] ?? 'default'}>{words.code('consent_choice', code)}</Tag> : <>—</>;
}

const VERDICT: Record<string, string> = { forbid: 'red', condition: 'orange', prefer: 'green', neutral: 'default' };
export function Verdict({ code }: { code: string }) {
  const words = useWords();
  return <Tag color={VERDICT[code] ?? 'default'}>{words.code('verdict', code)}</Tag>;
}

export interface AreaNode {
  value: string;
  title: string;
  children: AreaNode[];
}

/** Townships with their villages, for a tree select. */
export function areaTree(areas: Area[]): AreaNode[] {
  const node = (area: Area): AreaNode => ({
    value: area.code,
    title: `${area.name} (${whole(area.households)})`,
    children: areas.filter((child) => child.parent === area.code && child.level !== 'group').map(node),
  });
  const codes = new Set(areas.map((area) => area.code));
  return areas.filter((area) => area.parent === null || !codes.has(area.parent)).map(node);
}
