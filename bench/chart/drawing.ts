/** What all charts of the documentation share: their frame, their letters and their colours, for light and dark. */
export type Frame = {
  readonly title: string;
  readonly subtitle: string;
  /** For those who cannot see it. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Names of colours for light and for dark, used as `var(--name)`. */
  readonly colours: Readonly<Record<string, readonly [light: string, dark: string]>>;
  /** Lines of CSS of its own. */
  readonly style: readonly string[];
  /** Below the title and the subtitle. */
  readonly body: readonly string[];
};

export const margin = 20;

const shared: Frame['colours'] = {
  ink: ['#1f2328', '#e6edf3'],
  faint: ['#59636e', '#9aa4ae'],
  grid: ['#d9dee3', '#30363d'],
  paper: ['#ffffff', '#0d1117'],
};

export function drawFrame(frame: Frame): string {
  const { title, subtitle, description, width, height, body } = frame;
  const colours = Object.entries({ ...shared, ...frame.colours });
  const values = (at: 0 | 1): string => colours.map(([name, pair]) => `--${name}: ${pair[at]}`).join('; ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d">
<title id="t">${escaped(title)}</title>
<desc id="d">${escaped(description)}</desc>
<style>
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink) }
  .title { font-size: 20px; font-weight: 650 } .panel { font-size: 14.5px; font-weight: 600 }
  .faint, .tick { fill: var(--faint) } .tick { font-size: 11.5px }
  .grid { stroke: var(--grid); stroke-width: 1 } .axis { stroke: var(--faint); stroke-width: 1 }
${frame.style.map(line => `  ${line}`).join('\n')}
  :root { ${values(0)} }
  @media (prefers-color-scheme: dark) { :root { ${values(1)} } }
</style>
<rect width="${width}" height="${height}" fill="var(--paper)"/>
<text class="title" x="${margin}" y="34">${escaped(title)}</text>
<text class="faint" x="${margin}" y="57">${escaped(subtitle)}</text>
${body.join('\n')}
</svg>
`;
}

/** A length as it is written: tenths of a pixel. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);
}
