// The processor's time of this process: what other programs take meanwhile does not count.

/** Milliseconds since the process began. */
export function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
