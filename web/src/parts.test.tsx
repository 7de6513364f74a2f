import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test, vi } from 'vitest';

import { Problem } from './api/client';
import { LanguageProvider } from './language';
import { Day, Wrong } from './parts';

// The code lists, as far as these parts ask for them.
vi.stubGlobal('fetch', () => Promise.resolve(new Response('{}')));
// What antd asks of a browser and jsdom lacks.
vi.stubGlobal('ResizeObserver', class { observe() {} unobserve() {} disconnect() {} });
vi.stubGlobal('matchMedia', () => ({ matches: false, addListener() {}, removeListener() {}, addEventListener() {}, removeEventListener() {} }));

const shown = (children: ReactNode) => render(<QueryClientProvider client={new QueryClient()}><LanguageProvider>{children}</LanguageProvider></QueryClientProvider>);

test('a day is written the same in every browser and given as it is kept', () => {
  const days: string[] = [];
  shown(<Day value="2026-03-02" onChange={(day) => days.push(day)} />);
  const input = screen.getByDisplayValue('2026-03-02');
  fireEvent.mouseDown(input);
  fireEvent.change(input, { target: { value: '2026-03-05' } });
  fireEvent.keyDown(input, { key: 'Enter' });
  expect(days).toEqual(['2026-03-05']);
});

test('a refusal is told in the language of the page, and nothing before there is one', () => {
  const refusal = new Problem(422, { code: 'not_accepted', detail: '2 户不符合准入条件', detail_en: '2 households do not meet the conditions' });
  const { rerender, container } = shown(<Wrong error={null} />);
  expect(container.textContent).toBe('');
  rerender(<QueryClientProvider client={new QueryClient()}><LanguageProvider><Wrong error={refusal} /></LanguageProvider></QueryClientProvider>);
  expect(screen.getByTestId('wrong').textContent).toBe('2 户不符合准入条件');
});
