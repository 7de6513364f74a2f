// Small pieces that several pages use.

import { Alert, Button, Empty, Skeleton, Tag } from 'antd';
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

export function Title({ children, extra }: { children: ReactNode; extra?: ReactNode }) {
  return <div className="title"><h1>{children}</h1><span style={{ flex: 1 }} />{extra}</div>;
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
