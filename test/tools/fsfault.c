/*
 * A file system that fails, for one process: cc -shared -fPIC -o fsfault.so fsfault.c, then LD_PRELOAD=fsfault.so.
 *
 * Writes and syncs of files whose path contains FF_PATH are counted. From number FF_AT on, for FF_FOR of them (1 unless
 * given), happens what FF_MODE says:
 *   kill    the process is gone before the write or sync
 *   torn    half of the bytes are written, then the process is gone (a sync: as kill)
 *   enospc  the disk is full
 *   eio     the disk fails
 *   eiosync the same, of syncs alone, which alone are counted then
 * FF_SYNC_MS makes each sync last so much longer, or that of the number FF_SYNC_AT alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int counted, synced;

static int is_watched(int fd) {
  char link[64], path[4096];
  const char *part = getenv("FF_PATH");
  if (!part) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, part) != NULL;
}

static int number_of(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text ? atoi(text) : otherwise;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  pause();
}

/* 0: go on. -1: fail with errno. 2: write *bytes of them, then die. */
static int fault(int fd, size_t *bytes) {
  const char *mode = getenv("FF_MODE");
  if (!mode || !is_watched(fd)) return 0;
  if (!strcmp(mode, "eiosync") && bytes) return 0;
  int number = __sync_add_and_fetch(&counted, 1), at = number_of("FF_AT", -1);
  if (at < 0 || number < at || number >= at + number_of("FF_FOR", 1)) return 0;
  if (!strcmp(mode, "torn") && bytes && *bytes > 1) {
    *bytes /= 2;
    return 2;
  }
  if (!strcmp(mode, "kill") || !strcmp(mode, "torn")) die();
  /* A full disk fails what needs room; a sync of what is written needs none. */
  if (!strcmp(mode, "enospc") && !bytes) return 0;
  errno = strcmp(mode, "enospc") ? EIO : ENOSPC;
  return -1;
}

static void be_slow(int fd) {
  int ms = number_of("FF_SYNC_MS", 0);
  if (ms <= 0 || !is_watched(fd)) return;
  int number = __sync_add_and_fetch(&synced, 1);
  if (number != number_of("FF_SYNC_AT", number)) return;
  struct timespec pause_of = {ms / 1000, (ms % 1000) * 1000000L};
  nanosleep(&pause_of, NULL);
}

ssize_t write(int fd, const void *from, size_t bytes) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  int found = fault(fd, &bytes);
  if (found < 0) return -1;
  ssize_t written = real(fd, from, bytes);
  if (found == 2) die();
  return written;
}

ssize_t pwrite64(int fd, const void *from, size_t bytes, off_t offset) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
  int found = fault(fd, &bytes);
  if (found < 0) return -1;
  ssize_t written = real(fd, from, bytes, offset);
  if (found == 2) die();
  return written;
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  if (fault(fd, NULL) < 0) return -1;
  be_slow(fd);
  return real(fd);
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  if (fault(fd, NULL) < 0) return -1;
  be_slow(fd);
  return real(fd);
}
