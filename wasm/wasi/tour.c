// A WASI command that uses what a guest is given, for tests: `tour` prints what follows from the task alone on any
// host, `host` prints what each host decides for itself: clocks, chance and inodes.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void list(const char *path, int depth) {
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, by_name);
  for (int i = 0; i < count; i++) {
    const char *name = entries[i]->d_name;
    char inner[512];
    struct stat status;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    snprintf(inner, sizeof inner, "%s/%s", path, name);
    if (stat(inner, &status) != 0) continue;
    printf("%*s%s %s %lld\n", depth * 2, "", name, S_ISDIR(status.st_mode) ? "folder" : "file",
           S_ISDIR(status.st_mode) ? 0 : (long long)status.st_size);
    if (S_ISDIR(status.st_mode)) list(inner, depth + 1);
  }
}

static void refused(const char *what, int failed) {
  printf("%s: %s\n", what, failed ? "refused" : "done");
}

static void tour(int argc, char **argv) {
  char line[256];
  long lines = 0, bytes = 0;
  for (int i = 0; i < argc; i++) printf("argument %d: %s\n", i, argv[i]);
  printf("COLOUR is %s, NOTHING is %s\n", getenv("COLOUR"), getenv("NOTHING") ? "set" : "not set");
  while (fgets(line, sizeof line, stdin)) lines++, bytes += (long)strlen(line);
  printf("standard input: %ld lines, %ld bytes\n", lines, bytes);
  list("/", 0);
  FILE *file = fopen("/texts/one.txt", "r");
  if (file != NULL) {
    fseek(file, -4, SEEK_END);
    size_t size = fread(line, 1, sizeof line, file);
    printf("the end of one.txt at %ld: %.*s\n", ftell(file), (int)size, line);
    fclose(file);
  }
  refused("a file that is not there", fopen("/texts/none", "r") == NULL);
  refused("above the root", fopen("/../secret", "r") == NULL);
  fprintf(stderr, "toured %d arguments\n", argc);
}

static void host(void) {
  struct timespec before, after;
  struct stat status;
  unsigned char drawn[8];
  clock_gettime(CLOCK_MONOTONIC, &before);
  sleep(3);
  clock_gettime(CLOCK_MONOTONIC, &after);
  printf("it is %lld, and %lld s later\n", (long long)time(NULL), (long long)(after.tv_sec - before.tv_sec));
  getentropy(drawn, sizeof drawn);
  for (size_t i = 0; i < sizeof drawn; i++) printf("%02x", drawn[i]);
  if (stat("/texts", &status) == 0) printf(" inode %llu", (unsigned long long)status.st_ino);
  printf("\n");
  refused("writing", fopen("/texts/new", "w") == NULL);
  printf("because: %s\n", strerror(errno));
  refused("a folder", mkdir("/new", 0777) != 0);
  refused("removing", unlink("/texts/one.txt") != 0);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "tour";
  if (strcmp(what, "host") == 0) host();
  else if (strcmp(what, "trap") == 0) abort();
  else if (strcmp(what, "spin") == 0) for (;;) sleep(1);
  else if (strcmp(what, "flood") == 0) for (;;) puts("more and more and more");
  else tour(argc, argv);
  return strcmp(what, "fail") == 0 ? 3 : 0;
}
