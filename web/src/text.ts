// Words, numbers and times as the reader has them. A language is one file of lang/: the same keys as en.json.
import { formatUnits } from "viem";

import english from "../lang/en.json";

export type Key = keyof typeof english;
type Values = Readonly<Record<string, string | number>>;

let words: Readonly<Record<string, string>> = english;
let locale = "en";

interface Money {
  readonly decimals: number;
  readonly symbol: string;
}

/** Tokens and shares are counted in billionths. */
export const TOKEN_DECIMALS = 9;

export function speak(language: string, found: Readonly<Record<string, string>>): void {
  words = { ...english, ...found };
  locale = language;
}

export const language = (): string => locale;

/** The text of a key, `{name}` replaced; of two forms "one|more" the one that `count` asks for. */
export function t(key: Key, values: Values = {}): string {
  const forms = (words[key] ?? key).split("|");
  const text = forms.length > 1 && Number(values.count) !== 1 ? forms[1]! : forms[0]!;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(locale) : value;
  });
}

/** A key that is put together, or a fallback where there is none. */
export function maybe(key: string, otherwise: string): string {
  return key in words ? t(key as Key) : otherwise;
}

/** An amount in its smallest unit, in whole ones with at most `digits` decimals, rounded down. */
export function amount(units: bigint, decimals: number, digits = 2): string {
  const [whole, fraction = ""] = formatUnits(units, decimals).split(".");
  const shown = fraction.slice(0, digits).replace(/0+$/, "");
  return BigInt(whole!).toLocaleString(locale) + (shown ? separator() + shown : "");
}

const separator = (): string => (1.5).toLocaleString(locale)[1] ?? ".";

/** A number as the reader writes it, without signs between thousands: in digits with a point. Raises for any other. */
export function written(text: string): string {
  const [whole, fraction, ...more] = text.trim().split(separator());
  const parts = fraction === undefined ? [whole!] : [whole!, fraction];
  if (more.length || parts.some((part) => !/^\d+$/.test(part))) throw new Error(t("badAmount", { sample: `1250${separator()}50` }));
  return parts.join(".");
}

const DECIMALS = 6;

/** An amount that somebody has or had, short: of many decimals six are shown, rounded down. */
export function money(units: bigint, { decimals, symbol }: Money): string {
  const least = 10n ** BigInt(Math.max(0, decimals - DECIMALS));
  const shown = units > 0n && units < least ? `< ${amount(least, decimals, DECIMALS)}` : amount(units, decimals, DECIMALS);
  return `${shown} ${symbol}`;
}

/** An amount that somebody pays, to its last unit. */
export const price = (units: bigint, { decimals, symbol }: Money): string => `${amount(units, decimals, decimals)} ${symbol}`;

export const number = (count: number): string => count.toLocaleString(locale);

export const tokens = (units: bigint): string => amount(units, TOKEN_DECIMALS);

export function percent(part: number | bigint, whole: number | bigint, digits = 1): string {
  const share = Number(whole) ? Number(part) / Number(whole) : 0;
  return share.toLocaleString(locale, { style: "percent", maximumFractionDigits: digits });
}

/** A second as a date and time of the reader's place. */
export function moment(seconds: number | bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return date.toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

/** The largest unit that leaves nothing. */
export function duration(seconds: number | bigint): string {
  const total = Number(seconds);
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]] as const;
  const [unit, size] = units.find(([, size]) => total && total % size === 0) ?? (["second", 1] as const);
  return (total / size).toLocaleString(locale, { style: "unit", unit, unitDisplay: "long" });
}

export function bytes(count: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const power = Math.min(units.length - 1, count ? Math.floor(Math.log10(count) / 3) : 0);
  const style = { style: "unit", unit: units[power]!, unitDisplay: "long", maximumFractionDigits: power ? 1 : 0 } as const;
  return (count / 1000 ** power).toLocaleString(locale, style);
}

/** An address that fits a line. */
export const short = (hex: string): string => (hex.length > 14 ? `${hex.slice(0, 8)}…${hex.slice(-6)}` : hex);

/**
 * Text of others, harmless to look at: marks that turn the direction of writing or hide letters are shown as what they
 * are. It is only ever put where text goes, never where markup does.
 */
export function foreign(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (mark) => {
    return `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
