/** What this process uses of the machine. */
export function processFacts(): { residentBytes: number; cpuSeconds: number } {
  const { user, system } = process.cpuUsage();
  return { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1_000_000 };
}
