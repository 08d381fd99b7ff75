/** A number in a text, from character `start` (its sign or currency) to `end` (after its scale). */
export interface NumberFound {
  /** A plain decimal: digits, a point where there is a fraction, a minus sign. */
  value: string;
  start: number;
  end: number;
  /** Whether it may be a year: four bare digits, 1900 to 2099. */
  isYear: boolean;
}

/** What numbers are counted in. */
export interface Scale {
  /** The power of ten of one unit: 6 where answers are millions, -2 where they are percents. */
  unit: number;
  /** Whether "million" and the like multiply; a percent sign always counts. */
  hasWords: boolean;
}

/** Words for powers of ten. */
const SCALES: Record<string, number> = {
  hundred: 2,
  thousand: 3,
  lakh: 5,
  million: 6,
  mn: 6,
  mln: 6,
  mio: 6,
  crore: 7,
  billion: 9,
  bn: 9,
  bln: 9,
  trillion: 12,
  tn: 12,
};
/** Letters for them right after the digits; some are units where no currency stands before. */
const LETTERS: Record<string, number> = { k: 3, K: 3, m: 6, M: 6, b: 9, B: 9, T: 12 };
const NEEDS_CURRENCY = 'mbT';
const SHARES: Record<string, number> = {
  '%': -2,
  '％': -2,
  '‰': -3,
  percent: -2,
  'per cent': -2,
  'percentage point': -2,
  pct: -2,
  pp: -2,
  bps: -4,
  'basis point': -4,
};

const MONTH =
  '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)';
const YEAR_ALONE = /^(?:19|20)\d\d$/;
const YEAR = String.raw`(?:19|20)\d\d(?!\d)`;
const DAY = String.raw`\d{1,2}(?:st|nd|rd|th)?`;
const PLACES =
  '[Tt]able|[Nn]ote|[Pp]age|[Ff]igure|[Ss]tep|[Ee]xhibit|[Ss]ection|[Rr]ow|[Cc]olumn|[Ff]ootnote|[Ff]iscal';
/** What has digits and is no number: dates, times, versions, marks of lists, places in a text. */
const OTHER = [
  String.raw`\d{4}(?<ymd>[-/.])\d{1,2}\k<ymd>\d{1,2}(?!\d)`,
  String.raw`\d{1,2}(?<dmy>[-/.])\d{1,2}\k<dmy>(?:\d{4}|\d\d)(?![.,]?\d)`,
  String.raw`${MONTH}\.?\s${DAY}(?![\d.])(?:\s?,?\s${YEAR})?`,
  String.raw`${DAY}\s(?:of\s)?${MONTH}(?!\p{L})\.?(?:\s?,?\s${YEAR})?`,
  String.raw`${YEAR}[-–/](?:19|20)?\d\d(?![.,]?\d)`,
  String.raw`\d{1,2}:\d\d(?::\d\d)?(?!\d)`,
  String.raw`\d+(?:st|nd|rd|th)(?!\p{L})`,
  String.raw`10-[KQ](?!\p{L})`,
  String.raw`\d+[-‐](?:hour|day|week|month|quarter|year)(?!\p{L})`,
  String.raw`(?<=['’])\d\d(?!\d)`,
  String.raw`\[\d+\]`,
  String.raw`(?<=^[ \t>]{0,20}\(?)\d{1,2}[.)][ \t]+(?=[\p{L}*_"“])`,
  String.raw`(?:${PLACES}|FY)s?\s#?\d+(?![.,]?\d)`,
].join('|');

const GAP = String.raw`[ \u00A0\u2009\u202F'’]`;
/** Digits and what may part them, the longest forms first. */
const DIGITS = [
  String.raw`[1-9]\d{0,2}(?:,\d{3}){1,9}(?:\.\d+)?`, // 1,234.5
  String.raw`[1-9]\d?(?:,\d\d){1,9},\d{3}(?:\.\d+)?`, // 12,34,567
  String.raw`[1-9]\d{0,2}(?:\.\d{3}){1,9},\d+`, // 1.234,5
  String.raw`[1-9]\d{0,2}(?:\.\d{3}){2,9}`, // 1.234.567
  String.raw`[1-9]\d{0,2}(?<gap>${GAP})\d{3}(?:\k<gap>\d{3}){0,9}(?:[.,]\d+)?`, // 1 234,5
  String.raw`\d+(?:[.,]\d+)?`, // 37.5 and 37,5
  String.raw`(?<!\d)\.\d+`,
].join('|');
const TOKEN = new RegExp(
  [
    String.raw`(?<![\p{L}\p{N}_.])(?<other>${OTHER})`,
    // Of "1.2.3" and "1,2,3" none is a number: the one is a version, the other a list.
    String.raw`(?<![\p{N}_]|\p{N}[.,])(?:(?<over>\d+)\s?[/⁄]\s?(?<under>\d+)(?!\s?[/⁄]|[.,]?\d)|(?<digits>${DIGITS})(?![.,]?\d))(?!\p{No})`,
  ].join('|'),
  'gmu',
);

const MINUS = '[-−–]';
const CURRENCY = String.raw`(?:(?:(?<!\p{L})[A-Z]{1,3})?\p{Sc}|(?<!\p{L})(?:USD|EUR|GBP|JPY|CNY|RMB|INR|CHF|CAD|AUD|HKD|SEK|NOK|DKK|Rs\.?))\s?`;
/** How much of a text before the digits may belong to them. */
const BEFORE_LENGTH = 24;
const BEFORE = new RegExp(
  String.raw`(?<sign>(?<![\p{L}\p{N})\]%])${MINUS}|(?<!\p{L})(?:minus|negative)\s)?\+?(?<currency>${CURRENCY})?(?<inner>(?<=\p{Sc}\s?)${MINUS})?(?<paren>\(\s?(?<within>${CURRENCY})?)?$`,
  'iu',
);
/** Where a number alone in parentheses is a negative one, and not an aside. */
const SAID_OF = /(?:^|[:=]|(?<!\p{L})(?:is|was|of|be|to|by))[\s*_"'`]*$/iu;
/** What is no number: the digits of a name ("Q3", "COVID-19"). */
const NAME = /(?:\p{L}|\p{L}[-–‐])$/u;

/** Digits as exponents, in their order. */
const RAISED = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const oneOf = (table: Record<string, number>) =>
  `(?:${Object.keys(table).join('|').replaceAll(' ', '\\s')})`;
const AFTER = new RegExp(
  [
    String.raw`(?:e(?<e>[-−+]?\d{1,3})(?![\p{L}\p{N}])|\s?[×x*·]\s?10(?:\s?(?:\^|\*\*)\s?[{(]?(?<power>[-−+]?\d{1,3})(?!\d)[})]?|(?<raised>⁻?[${RAISED}]{1,3})))?`,
    String.raw`(?<closed>\s?\))?`,
    String.raw`(?:[\s-]?(?<word>${oneOf(SCALES)})s?(?!\p{L})(?:\s(?<times>${oneOf(SCALES)})s?(?!\p{L}))?|(?<letter>[kmbt])(?![\p{L}\p{N}])|\s?(?<share>${oneOf(SHARES)})s?(?!\p{L}))?`,
    String.raw`(?<ended>\s?\))?`,
  ].join(''),
  'yiu',
);

/** The numbers of a text (`composed`), from left to right, in a time that grows with its length. */
export function* numbersIn(text: string, scale: Scale): Generator<NumberFound> {
  let read = 0;
  for (const { 0: token, index, groups } of text.matchAll(TOKEN)) {
    if (groups!.other !== undefined || index < read) continue;
    const head = text.slice(Math.max(0, index - BEFORE_LENGTH), index);
    const before = BEFORE.exec(head)!;
    const { sign, inner, paren } = before.groups!;
    const currency = before.groups!.currency ?? before.groups!.within;
    const lead = head.slice(0, before.index);
    if (NAME.test(lead)) continue;
    AFTER.lastIndex = index + token.length;
    const after = AFTER.exec(text)!;
    read = AFTER.lastIndex;
    const { letter, closed, ended } = after.groups!;
    const isUnit =
      letter !== undefined &&
      (!(letter in LETTERS) || (NEEDS_CURRENCY.includes(letter) && currency === undefined));
    const power = powerOf({ ...after.groups, ...(isUnit && { letter: undefined }) }, scale);
    const isAlone = paren !== undefined && (closed ?? ended) !== undefined;
    const magnitude =
      groups!.over === undefined
        ? decimal(...partsOf(groups!.digits!), power)
        : quotient(groups!.over, groups!.under!, power);
    if (magnitude === null) continue;
    const isNegative = sign !== undefined || inner !== undefined || (isAlone && SAID_OF.test(lead));
    yield {
      value: isNegative && magnitude !== '0' ? `-${magnitude}` : magnitude,
      start: index - before[0].length,
      end: isUnit ? read - letter!.length : read,
      isYear: before[0] === '' && after[0] === '' && YEAR_ALONE.test(token),
    };
  }
}

/** The power of ten of what a unit counts in: 6 for "million dollars", -2 for "%", else 0. */
export function unitPower(unit: string): number {
  const { word, share } = UNIT.exec(unit)?.groups ?? {};
  return powerIn(SCALES, word) + powerIn(SHARES, share);
}

const UNIT = new RegExp(
  String.raw`(?<!\p{L})(?:(?<word>${oneOf(SCALES)})|(?<share>${oneOf(SHARES)}))s?(?!\p{L})`,
  'iu',
);

type Groups = Record<string, string | undefined>;

/** The power of ten that what stands after the digits multiplies them by. */
function powerOf(groups: Groups, { unit, hasWords }: Scale): number {
  const { e, power, raised, word, times, letter, share } = groups;
  const low = raised?.replace('⁻', '-').replace(/[^-]/gu, (one) => `${RAISED.indexOf(one)}`);
  const exponent = Number((e ?? power ?? low ?? '0').replace('−', '-'));
  if (share !== undefined) return exponent + powerIn(SHARES, share) - Math.min(unit, 0);
  if (!hasWords || (word ?? letter) === undefined) return exponent;
  const scale = powerIn(SCALES, word) + powerIn(SCALES, times) + (LETTERS[letter ?? ''] ?? 0);
  return exponent + scale - Math.max(unit, 0);
}

function powerIn(table: Record<string, number>, word = ''): number {
  return table[word.toLowerCase().replace(/\s/u, ' ')] ?? 0;
}

/** The digits before and after the decimal point of what is written in any of the forms. */
function partsOf(digits: string): [whole: string, fraction: string] {
  const bare = digits.replace(new RegExp(GAP, 'gu'), '');
  const isGrouped = bare === digits && GROUPS_ONLY.test(digits);
  const point = isGrouped ? -1 : Math.max(bare.lastIndexOf('.'), bare.lastIndexOf(','));
  const whole = point < 0 ? bare : bare.slice(0, point);
  return [whole.replace(/[.,]/g, ''), point < 0 ? '' : bare.slice(point + 1)];
}

const GROUPS_ONLY = /^[1-9]\d{0,2}(?:(?:,\d{3})+|(?:\.\d{3}){2,}|(?:,\d\d)+,\d{3})$/;

/** A quotient of two whole numbers, to the digits that a number holds. */
function quotient(over: string, under: string, power: number): string | null {
  const [, whole, fraction = '', exponent] =
    /^(\d)(?:\.(\d+))?e(.+)$/.exec((Number(over) / Number(under)).toExponential()) ?? [];
  return whole === undefined ? null : decimal(whole, fraction, Number(exponent) + power);
}

/** Digits with the point moved by a power of ten, exactly; null where no number is so large or small. */
function decimal(whole: string, fraction: string, power: number): string | null {
  const magnitude = Number(`${whole}.${fraction}e${power}`);
  const isZero = /^0*$/.test(whole + fraction);
  if (!Number.isFinite(magnitude) || (magnitude === 0 && !isZero)) return null;
  if (isZero) return '0';
  const zeros = '0'.repeat(Math.abs(power));
  const digits = power < 0 ? zeros + whole + fraction : whole + fraction + zeros;
  const point = whole.length + Math.max(power, 0);
  const integer = digits.slice(0, point).replace(/^0+/, '') || '0';
  const rest = digits.slice(point).replace(/0+$/, '');
  return rest === '' ? integer : `${integer}.${rest}`;
}
