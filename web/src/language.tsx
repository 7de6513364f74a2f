// Texts in two languages, code lists, numbers and dates as people read them.

import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';

import { api, Problem } from './api/client';
import type { CodeListName, Text } from './api/types';
import { dictionary, type Key } from './texts';

export type Language = 'zh' | 'en';

interface Words {
  language: Language;
  setLanguage: (language: Language) => void;
  /** The text of a key; `{name}` is replaced by a value. */
  t: (key: Key, values?: Record<string, string | number>) => string;
  /** A text that the server gave in both languages. */
  of: (text: Text) => string;
  /** The name of a code. */
  code: (list: CodeListName, code: string | null | undefined) => string;
  /** All codes of a list, for a select. */
  options: (list: CodeListName) => { value: string; label: string }[];
  problem: (error: unknown) => string;
}

const Context = createContext<Words | null>(null);

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => (localStorage.getItem('language') === 'en' ? 'en' : 'zh'));
  const lists = useQuery({ queryKey: ['code-lists'], queryFn: api.codeLists, staleTime: Infinity });
  useEffect(() => {
    localStorage.setItem('language', language);
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  }, [language]);
  const words = useMemo<Words>(() => {
    const t: Words['t'] = (key, values = {}) =>
      Object.entries(values).reduce(
        (text, [name, value]) => text.replaceAll(`{${name}}`, String(value)),
        dictionary[language][key],
      );
    const find = (list: CodeListName) => lists.data?.[list] ?? [];
    return {
      language,
      setLanguage,
      t,
      of: (text) => text[language],
      code: (list, code) => {
        if (!code) return '—';
        const name = find(list).find((entry) => entry.code === code)?.[language] ?? code;
        // The name of a field stands before its value or over its input, as a label.
        return list === 'household_field' || list === 'key_fact' ? name.charAt(0).toUpperCase() + name.slice(1) : name;
      },
      options: (list) => find(list).map((entry) => ({ value: entry.code, label: entry[language] })),
      problem: (error) => {
        if (!(error instanceof Problem)) return String(error);
        if (error.code === 'offline') return t('offline');
        return (language === 'zh' ? error.zh : error.en) ?? error.message;
      },
    };
  }, [language, lists.data]);
  return <Context value={words}>{children}</Context>;
}

export function useWords(): Words {
  const words = useContext(Context);
  if (words === null) throw new Error('no language');
  return words;
}

export const whole = (value: number) => Math.round(value).toLocaleString('zh-CN');
export const decimal = (value: number, places = 1) =>
  value.toLocaleString('zh-CN', { minimumFractionDigits: places, maximumFractionDigits: places });
export const percent = (share: number, places = 1) => `${decimal(share * 100, places)} %`;
/** Fen as ten thousand yuan. */
export const tenThousandYuan = (fen: number) => decimal(fen / 1e6, 1);
export const kilometres = (metres: number) => decimal(metres / 1000, 1);
/** A moment by the clock of China, which is that of the office and of every date in the program, whatever the browser's. */
export const instant = (text: string) => new Date(new Date(text).getTime() + 8 * 3600e3).toISOString().slice(0, 16).replace('T', ' ');
