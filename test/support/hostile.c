/* A supervised program that attacks its supervisor: its memory never arrives, or its calls never end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sched.h>
#include <unistd.h>

/* Each page of the file is a separate read. */
enum { FILE_SIZE = 16 * 4096 };

static int device;

static void fail(const char *what) {
  perror(what);
  _exit(2);
}

/* A page that a userfaultfd of this process must supply, but never does. */
static char *page_of_userfaultfd(void) {
  int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  struct uffdio_api api = {.api = UFFD_API};
  if (fd < 0 || ioctl(fd, UFFDIO_API, &api) != 0) fail("userfaultfd");
  char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register range = {.range = {(uintptr_t)page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(fd, UFFDIO_REGISTER, &range) != 0) fail("UFFDIO_REGISTER");
  return page;
}

static void reply(uint64_t unique, int error, const void *data, size_t size) {
  char buffer[512];
  struct fuse_out_header header = {.len = (uint32_t)(sizeof header + size), .error = error, .unique = unique};
  memcpy(buffer, &header, sizeof header);
  if (size > 0) memcpy(buffer + sizeof header, data, size);
  if (write(device, buffer, header.len) < 0 && errno != ENOENT) fail("reply");
}

static struct fuse_attr attributes_of(uint64_t node) {
  struct fuse_attr attributes = {.ino = node, .mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0644, .nlink = 1, .size = FILE_SIZE};
  return attributes;
}

/* Serves a file system with one file, whose contents it never returns. */
static void *serve(void *unused) {
  static char buffer[1 << 17];
  (void)unused;
  for (;;) {
    if (read(device, buffer, sizeof buffer) < 0) {
      if (errno == EINTR || errno == ENOENT || errno == EAGAIN) continue;
      return NULL;
    }
    const struct fuse_in_header *header = (const void *)buffer;
    switch (header->opcode) {
      case FUSE_INIT: {
        struct fuse_init_out out = {.major = 7, .minor = 31, .max_write = 4096, .max_background = 1};
        reply(header->unique, 0, &out, sizeof out);
        break;
      }
      case FUSE_LOOKUP: {
        struct fuse_entry_out out = {.nodeid = 2, .entry_valid = 100, .attr_valid = 100, .attr = attributes_of(2)};
        reply(header->unique, 0, &out, sizeof out);
        break;
      }
      case FUSE_GETATTR: {
        struct fuse_attr_out out = {.attr_valid = 100, .attr = attributes_of(header->nodeid)};
        reply(header->unique, 0, &out, sizeof out);
        break;
      }
      case FUSE_OPEN: {
        struct fuse_open_out out = {.fh = 1};
        reply(header->unique, 0, &out, sizeof out);
        break;
      }
      case FUSE_READ:
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
      case FUSE_INTERRUPT:
        break;
      default:
        reply(header->unique, -ENOSYS, NULL, 0);
    }
  }
}

static void write_to(const char *path, const char *text) {
  int fd = open(path, O_WRONLY);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) fail(path);
  close(fd);
}

static char *page_of_fuse(const char *directory) {
  char text[256];
  unsigned user = getuid(), group = getgid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) fail("unshare");
  write_to("/proc/self/setgroups", "deny");
  snprintf(text, sizeof text, "0 %u 1", user);
  write_to("/proc/self/uid_map", text);
  snprintf(text, sizeof text, "0 %u 1", group);
  write_to("/proc/self/gid_map", text);
  device = open("/dev/fuse", O_RDWR);
  if (device < 0) fail("/dev/fuse");
  snprintf(text, sizeof text, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
  if (mount("fuse", directory, "fuse", MS_NOSUID | MS_NODEV, text) != 0) fail("mount");
  pthread_t thread;
  pthread_create(&thread, NULL, serve, NULL);
  snprintf(text, sizeof text, "%s/file", directory);
  int fd = open(text, O_RDONLY);
  char *page = fd < 0 ? MAP_FAILED : mmap(NULL, FILE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
  if (page == MAP_FAILED) fail("mmap");
  close(fd);
  return page;
}

/* A connection whose last close(2) waits until the peer reads. This process is the peer, and never reads. */
static int lingering_socket(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int server = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(server, (const struct sockaddr *)&address, size) != 0 || listen(server, 1) != 0) fail("listen");
  if (getsockname(server, (struct sockaddr *)&address, &size) != 0) fail("getsockname");
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, (const struct sockaddr *)&address, size) != 0 || accept(server, NULL, NULL) < 0) fail("connect");
  static const char data[1 << 16];
  while (send(client, data, sizeof data, MSG_DONTWAIT) > 0) continue;
  struct linger linger = {.l_onoff = 1, .l_linger = 1000};
  if (setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) != 0) fail("SO_LINGER");
  return client;
}

/* Sends that connection to another process, with one meaningless byte. */
static void send_lingering(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int receiver = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(receiver, (const struct sockaddr *)&address, sizeof address) != 0) fail(path);
  int descriptor = lingering_socket();
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof descriptor)];
  } control = {.header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof descriptor)}};
  memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
  struct iovec byte = {.iov_base = "?", .iov_len = 1};
  struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  if (sendmsg(receiver, &message, 0) != 1) fail("sendmsg");
  /* Now the receiver is the last holder. */
  close(descriptor);
  shutdown(receiver, SHUT_WR);
  puts("sent");
  fflush(stdout);
  for (;;) pause();
}

static void *flood(void *unused) {
  for (;;) syscall(SYS_getsid, 0);
  return unused;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  if (strcmp(argv[1], "flood") == 0) {
    pthread_t thread;
    for (int i = 1; i < atoi(argv[2]); i++) pthread_create(&thread, NULL, flood, NULL);
    flood(NULL);
  }
  if (strcmp(argv[1], "send") == 0) send_lingering(argv[2]);
  char *page = strcmp(argv[1], "fuse") == 0 ? page_of_fuse(argv[2]) : page_of_userfaultfd();
  int answer = chdir(page);
  printf("%d %d\n", answer, answer == -1 ? errno : 0);
  fflush(stdout);
  /* The supplier of the page ends with this process, even if somebody waits for the page. */
  _exit(0);
}
