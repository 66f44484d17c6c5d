// Where octavox keeps what it has downloaded and converted.

import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** OCTAVOX_HOME, or the folder for caches that the platform's programs use. */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): string {
  const { OCTAVOX_HOME, XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (OCTAVOX_HOME) return resolve(OCTAVOX_HOME);
  if (platform === "win32")
    return join(LOCALAPPDATA || join(homedir(), "AppData", "Local"), "octavox", "Cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "octavox");
  // Its specification tells programs to pass over a relative one.
  const given = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : undefined;
  return join(given ?? join(homedir(), ".cache"), "octavox");
}
