// Inputs for the fields of a household or member, and the editing of a household with what two people changed at once.

import { DeleteOutlined, PlusOutlined, UndoOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Collapse, Drawer, Form, Input, InputNumber, Radio, Select, Space, Table, TreeSelect, type FormInstance } from 'antd';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { api, Problem } from '../api/client';
import type { Area, Correction, FieldProblem, FieldValues, HouseholdDetail, MemberChange } from '../api/types';
import { useWords } from '../language';
import { areaTree } from '../parts';
import { HOUSEHOLD_FIELDS, MEMBER_FIELDS, changedValues, fieldName, patchOf, read, toForm, type FieldSpec } from './fields';

type Values = Record<string, unknown>;
interface Edited {
  facts?: Values;
  members?: Record<string, Values>;
  joining?: Values[];
  reason?: string;
}

const FACTS = Object.values(HOUSEHOLD_FIELDS).flat();

function begun(fields: FieldSpec[], recorded: unknown): Values {
  return Object.fromEntries(fields.map((field) => [field.path, toForm(field, read(recorded, field.path))]));
}

/** One field of a form, with its name, its unit and how it is given. */
export function FieldInput({ field, at, of, recorded, required }: { field: FieldSpec; at: (string | number)[]; of: 'household' | 'member'; recorded?: unknown; required?: boolean }) {
  const { t, code, options } = useWords();
  const label = code('household_field', of === 'member' ? `members.${field.path}` : field.path);
  const unit: Partial<Record<FieldSpec['kind'], string>> = { hundredths: t('mu'), yuan: t('yuan') };
  const shown = field.masked ? read(recorded, field.path) : undefined;
  const rules = required ? [{ required: true }] : [];
  const input = () => {
    switch (field.kind) {
      case 'code': return <Select allowClear showSearch optionFilterProp="label" options={options(field.list ?? 'category')} />;
      case 'codes': return <Select mode="multiple" allowClear optionFilterProp="label" options={options(field.list ?? 'category')} />;
      case 'flag': return <Select allowClear options={[{ value: true, label: t('yes') }, { value: false, label: t('no') }]} />;
      case 'date': return <Input placeholder={shown ? t('unchanged_masked', { value: String(shown) }) : '1990-01-31'} />;
      case 'text': return <Input placeholder={shown ? t('unchanged_masked', { value: String(shown) }) : ''} maxLength={200} />;
      default: return <InputNumber style={{ width: '100%' }} {...(unit[field.kind] ? { suffix: unit[field.kind] } : {})} />;
    }
  };
  return <Form.Item name={[...at, field.path]} label={label} rules={rules} style={{ marginBottom: 12 }}>{input()}</Form.Item>;
}

export function Fields(props: { fields: FieldSpec[]; at: (string | number)[]; of: 'household' | 'member'; recorded?: unknown; required?: string[] }) {
  return (
    <div className="fields">
      {props.fields.map((field) => <FieldInput key={field.path} field={field} at={props.at} of={props.of} recorded={props.recorded} required={props.required?.includes(field.path) ?? false} />)}
    </div>
  );
}

/** Puts the server's problems at their inputs; what has no input is returned. */
export function showProblems(form: FormInstance, problems: FieldProblem[], nameOf: (place: string) => (string | number)[] | null, text: (problem: FieldProblem) => string): FieldProblem[] {
  const placed = problems.map((problem) => ({ problem, name: nameOf(problem.place) }));
  form.setFields(placed.flatMap(({ problem, name }) => (name ? [{ name, errors: [text(problem)] }] : [])));
  return placed.filter(({ name }) => name === null).map(({ problem }) => problem);
}

function nameOf(place: string): (string | number)[] | null {
  const known = (fields: FieldSpec[], path: string) => fields.find((field) => field.path === path || field.path.startsWith(`${path}.`))?.path;
  const joining = /^members\.(?:new\.)?(\d+)\.(.+)$/.exec(place);
  if (joining) return ['joining', Number(joining[1]) - 1, known(MEMBER_FIELDS, joining[2] ?? '') ?? joining[2] ?? ''];
  const member = /^members\.([0-9a-f-]{36})\.(.+)$/.exec(place);
  if (member) return ['members', member[1] ?? '', known(MEMBER_FIELDS, member[2] ?? '') ?? member[2] ?? ''];
  if (place === 'reason') return ['reason'];
  const fact = known(FACTS, place) ?? (['register_number', 'area'].includes(place) ? place : undefined);
  return fact ? ['facts', fact] : null;
}

/** A value as people read it. */
export function useShown() {
  const { t, code } = useWords();
  return (field: FieldSpec | undefined, value: unknown): string => {
    if (value === null || value === undefined || value === '') return '—';
    const one = (part: unknown) => (field?.list ? code(field.list, String(part)) : String(part));
    if (field?.kind === 'codes') return (Array.isArray(value) ? value : String(value).split(', ')).map(one).join('、') || '—';
    if (value === true || value === 'true') return t('yes');
    if (value === false || value === 'false') return t('no');
    if (field?.kind === 'hundredths') return `${Number(value) / 100} ${t('mu')}`;
    if (field?.kind === 'yuan') return `${Number(value) / 100} ${t('yuan')}`;
    return one(value);
  };
}

interface Conflict {
  household: HouseholdDetail;
  who: string;
  /** What the other changed, by field. */
  theirs: { field: string; after: unknown }[];
  mine: { facts: Values; members: MemberChange[]; values: Record<string, Values> };
}

/** Editing a household in a drawer. */
export function EditHousehold({ household, close }: { household: HouseholdDetail; close: () => void }) {
  const { t, code, of, options, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<Edited>();
  const [left, setLeft] = useState<Record<string, string>>({});
  const [refused, setRefused] = useState<FieldProblem[]>([]);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [kept, setKept] = useState<Record<string, 'mine' | 'theirs'>>({});

  const collect = () => {
    const edited = form.getFieldsValue(true) as Edited;
    const facts = changedValues(FACTS, household, edited.facts ?? {});
    const values: Record<string, Values> = {};
    const members: MemberChange[] = [];
    for (const member of household.members) {
      const why = left[member.id];
      if (why !== undefined) { members.push({ change: 'leaves', person: member.id, why }); continue; }
      const changed = changedValues(MEMBER_FIELDS, member, edited.members?.[member.id] ?? {});
      if (Object.keys(changed).length > 0) {
        values[member.id] = changed;
        members.push({ change: 'corrected', person: member.id, facts: patchOf(changed, member) });
      }
    }
    for (const joining of edited.joining ?? []) members.push({ change: 'joins', facts: patchOf(changedValues(MEMBER_FIELDS, {}, joining), {}) });
    return { facts, members, values, reason: edited.reason ?? '' };
  };

  const send = useMutation({
    mutationFn: ({ version, correction }: { version: number; correction: Correction }) => api.correctHousehold(household.id, version, correction),
    onSuccess: (saved) => {
      client.setQueryData(['household', household.id], saved);
      void client.invalidateQueries({ queryKey: ['household-history', household.id] });
      void client.invalidateQueries({ queryKey: ['households'] });
      void message.success(t('corrected'));
      close();
    },
    onError: async (error) => {
      if (error instanceof Problem && error.code === 'version_conflict') {
        const [now, history] = await Promise.all([api.household(household.id), api.householdHistory(household.id)]);
        const since = history.filter((change) => change.version > household.version);
        const { facts, members, values } = collect();
        setConflict({ household: now, who: since[0]?.actor ?? now.changed_by, theirs: since.flatMap((change) => change.changed), mine: { facts, members, values } });
      } else if (error instanceof Problem && error.problems.length > 0) {
        setRefused(showProblems(form, error.problems, nameOf, (one) => of(one.detail)));
        void message.error(t('see_problems', { n: error.problems.length }));
      } else void message.error(problem(error));
    },
  });
  const save = () => {
    setRefused([]);
    const { facts, members, reason } = collect();
    send.mutate({ version: household.version, correction: { facts: patchOf(facts, household), members, reason } });
  };
  const place = (change: { field: string }) => {
    const number = /^members\.(\d+)/.exec(change.field);
    const person = number && conflict ? conflict.household.members[Number(number[1]) - 1]?.id : undefined;
    return person ? `members.${person}.${fieldName(change.field).replace(/^members\./, '')}` : change.field;
  };
  const mineAt = (path: string): unknown => {
    const member = /^members\.([0-9a-f-]{36})\.(.+)$/.exec(path);
    return member ? conflict?.mine.values[member[1] ?? '']?.[member[2] ?? ''] : conflict?.mine.facts[path];
  };
  const saveMerged = () => {
    if (!conflict) return;
    const dropped = (path: string) => kept[path] !== 'mine' && conflict.theirs.some((change) => place(change) === path);
    const facts = Object.fromEntries(Object.entries(conflict.mine.facts).filter(([path]) => !dropped(path)));
    const known = new Set(conflict.household.members.map((member) => member.id));
    const members = conflict.mine.members.flatMap((change): MemberChange[] => {
      if (change.change === 'joins') return [change];
      if (!known.has(change.person)) return [];
      if (change.change === 'leaves') return [change];
      const values = Object.fromEntries(Object.entries(conflict.mine.values[change.person] ?? {}).filter(([path]) => !dropped(`members.${change.person}.${path}`)));
      const recorded = conflict.household.members.find((member) => member.id === change.person);
      return Object.keys(values).length > 0 ? [{ ...change, facts: patchOf(values, recorded) }] : [];
    });
    const reason = (form.getFieldValue('reason') as string | undefined) ?? '';
    send.mutate({ version: conflict.household.version, correction: { facts: patchOf(facts, conflict.household), members, reason } });
  };
  const shown = useShown();
  const both = conflict?.theirs.filter((change) => mineAt(place(change)) !== undefined) ?? [];
  const others = conflict?.theirs.filter((change) => mineAt(place(change)) === undefined) ?? [];
  const spec = (path: string) => [...FACTS, ...MEMBER_FIELDS.map((field) => ({ ...field, path: `members.${field.path}` }))].find((field) => field.path === fieldName(path));

  return (
    <Drawer open onClose={close} size="large" title={`${t('edit_household')} · ${household.register_number}`} destroyOnHidden
      extra={<Button type="primary" loading={send.isPending} onClick={() => (conflict ? saveMerged() : form.submit())} data-testid="save-household">{conflict ? t('save_merged') : t('save')}</Button>}>
      {conflict && (
        <div data-testid="conflict">
          <Alert type="warning" showIcon title={t('conflict_title', { who: conflict.who })} description={t('conflict_help')} style={{ marginBottom: 12 }} />
          {both.length > 0 && (
            <Table size="small" pagination={false} rowKey={place} dataSource={both} scroll={{ x: 420 }} columns={[
              { title: t('field'), render: (_, change) => code('household_field', fieldName(change.field)) },
              { title: t('own_value'), render: (_, change) => <Radio checked={kept[place(change)] === 'mine'} onChange={() => setKept({ ...kept, [place(change)]: 'mine' })}>{shown(spec(change.field), mineAt(place(change)))}</Radio> },
              { title: t('theirs'), render: (_, change) => <Radio checked={kept[place(change)] !== 'mine'} onChange={() => setKept({ ...kept, [place(change)]: 'theirs' })}>{shown(spec(change.field), change.after)}</Radio> },
            ]} />
          )}
          {others.length > 0 && <p className="label">{t('only_theirs')}: {others.map((change) => `${code('household_field', fieldName(change.field))} → ${shown(spec(change.field), change.after)}`).join('; ')}</p>}
        </div>
      )}
      <Form form={form} layout="vertical" onFinish={save} style={conflict ? { display: 'none' } : {}}
        initialValues={{ facts: begun(FACTS, household), members: Object.fromEntries(household.members.map((member) => [member.id, begun(MEMBER_FIELDS, member)])) }}>
        {refused.length > 0 && <Alert type="error" showIcon style={{ marginBottom: 12 }} title={refused.map((one) => of(one.detail)).join(' ')} />}
        <Form.Item name="reason" label={t('why_changed')} rules={[{ required: true, whitespace: true }]}><Input maxLength={500} placeholder={t('reason_hint')} /></Form.Item>
        <Collapse defaultActiveKey={['household_facts']} items={[
          ...(['household_facts', 'home', 'land_and_living'] as const).map((group) => ({
            key: group, label: t(group), forceRender: true, children: <Fields fields={HOUSEHOLD_FIELDS[group]} at={['facts']} of="household" recorded={household} />,
          })),
          ...household.members.map((member) => ({
            key: member.id, forceRender: true,
            label: <>{member.name} · {code('relation', member.relation)} {left[member.id] !== undefined && <b>· {t('member_left')}</b>}</>,
            extra: left[member.id] === undefined
              ? <Button size="small" type="text" icon={<DeleteOutlined />} aria-label={t('remove_member')} onClick={(event) => { event.stopPropagation(); setLeft({ ...left, [member.id]: 'death' }); }} />
              : <Button size="small" type="text" icon={<UndoOutlined />} aria-label={t('keep_member')} onClick={(event) => { event.stopPropagation(); setLeft(Object.fromEntries(Object.entries(left).filter(([id]) => id !== member.id))); }} />,
            children: left[member.id] !== undefined
              ? <Space>{t('leaving_why')} <Select style={{ minWidth: 220 }} value={left[member.id] ?? 'death'} options={options('leaving_reason')} onChange={(why) => setLeft({ ...left, [member.id]: why })} /></Space>
              : <Fields fields={MEMBER_FIELDS} at={['members', member.id]} of="member" recorded={member} />,
          })),
        ]} />
        <Joining />
      </Form>
    </Drawer>
  );
}

/** Members that join. */
function Joining() {
  const { t } = useWords();
  return (
    <Form.List name="joining">
      {(joining, { add, remove }) => (
        <div style={{ marginTop: 12 }}>
          {joining.map((member, place) => (
            <div key={member.key} className="panel" style={{ marginBottom: 12 }}>
              <Space style={{ marginBottom: 8 }}><b>{t('member_n', { n: place + 1 })}</b><Button size="small" icon={<DeleteOutlined />} onClick={() => remove(member.name)} aria-label={t('remove_member')} /></Space>
              <p className="label" style={{ marginTop: 0 }}>{t('add_hint')}</p>
              <Fields fields={MEMBER_FIELDS} at={[member.name]} of="member" required={['name', 'relation']} />
            </div>
          ))}
          <Button icon={<PlusOutlined />} onClick={() => add({})} data-testid="add-member">{t('add_member')}</Button>
        </div>
      )}
    </Form.List>
  );
}

/** Recording a household by hand. */
export function NewHousehold({ areas, close }: { areas: Area[]; close: () => void }) {
  const { t, code, of, problem } = useWords();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [form] = Form.useForm<Edited>();
  const [refused, setRefused] = useState<FieldProblem[]>([]);
  const send = useMutation({
    mutationFn: (edited: Edited) => {
      const facts = patchOf(changedValues(FACTS, {}, edited.facts ?? {}), {});
      const members: FieldValues[] = (edited.joining ?? []).map((member) => patchOf(changedValues(MEMBER_FIELDS, {}, member), {}));
      return api.recordHousehold({ facts: { ...facts, register_number: edited.facts?.['register_number'], area: edited.facts?.['area'] }, members, reason: edited.reason ?? '' });
    },
    onSuccess: (made) => { void client.invalidateQueries({ queryKey: ['households'] }); void navigate(`/register/${made.id}`); },
    onError: (error) => {
      if (error instanceof Problem && error.problems.length > 0) {
        setRefused(showProblems(form, error.problems, nameOf, (one) => of(one.detail)));
        void message.error(t('see_problems', { n: error.problems.length }));
      } else void message.error(problem(error));
    },
  });
  return (
    <Drawer open onClose={close} size="large" title={t('new_household')} extra={<Button type="primary" loading={send.isPending} onClick={() => form.submit()} data-testid="record-household">{t('record')}</Button>}>
      <Form form={form} layout="vertical" initialValues={{ facts: { must_move: false }, joining: [{ relation: '02' }] }} onFinish={() => { setRefused([]); send.mutate(form.getFieldsValue(true) as Edited); }}>
        {refused.length > 0 && <Alert type="error" showIcon style={{ marginBottom: 12 }} title={refused.map((one) => of(one.detail)).join(' ')} />}
        <div className="fields">
          <Form.Item name={['facts', 'register_number']} label={code('household_field', 'register_number')} rules={[{ required: true, whitespace: true }]}><Input maxLength={40} /></Form.Item>
          <Form.Item name={['facts', 'area']} label={code('household_field', 'area')} rules={[{ required: true }]}><TreeSelect showSearch treeNodeFilterProp="title" treeData={areaTree(areas)} /></Form.Item>
          <Form.Item name="reason" label={t('why_recorded')} rules={[{ required: true, whitespace: true }]}><Input maxLength={500} placeholder={t('why_recorded_hint')} /></Form.Item>
        </div>
        <Collapse defaultActiveKey={['household_facts']} items={(['household_facts', 'home', 'land_and_living'] as const).map((group) => ({
          key: group, label: t(group), forceRender: true, children: <Fields fields={HOUSEHOLD_FIELDS[group]} at={['facts']} of="household" required={['category']} />,
        }))} />
        <h3>{t('members')}</h3>
        <Joining />
      </Form>
    </Drawer>
  );
}
