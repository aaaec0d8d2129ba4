/*
 * A Kerberos realm for one test program: a database, keytabs and a KDC on loopback, all in a
 * folder of its own, and the environment that makes libraries use it.
 *
 * What lives here: making and removing it. What may not: sockets of zmq.h.
 */
#ifndef CAPI_SEC_KDC_H
#define CAPI_SEC_KDC_H

#include "harness.h"

#include <dirent.h>

#define KDC_REALM "ZMQ.TEST"
/* What the server is asked for: a service at a host, and the principal that this means. */
#define KDC_SERVICE "zmqtest@localhost"
#define KDC_SERVICE_PRINCIPAL "zmqtest/localhost@" KDC_REALM

static struct
{
    char dir[80];
    pid_t pid; /* of the KDC */
    int port_fd;
    char programs[3][128];
} kdc;

/* Path of a file in the realm's folder. */
HELPER const char *kdc_path (const char *name)
{
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];
    snprintf (path, sizeof *paths, "%s/%s", kdc.dir, name);
    return path;
}

HELPER void kdc_write (const char *name, const char *format, ...)
  __attribute__ ((format (printf, 2, 3)));

HELPER void kdc_write (const char *name, const char *format, ...)
{
    va_list args;
    FILE *file = fopen (kdc_path (name), "w");
    REQUIRE (file != NULL);
    va_start (args, format);
    vfprintf (file, format, args);
    va_end (args);
    REQUIRE_OK (fclose (file));
}

/* Ends the KDC and removes the folder. */
HELPER void kdc_end (void)
{
    static const char *const dirs[] = {"cc", "lib", ""};
    if (!kdc.dir[0])
        return;
    if (kdc.pid > 0) {
        kill (kdc.pid, SIGTERM);
        wait_pid (kdc.pid);
    }
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; ++i) {
        char path[512], folder[128];
        snprintf (folder, sizeof folder, "%s", kdc_path (dirs[i]));
        DIR *dir = opendir (folder);
        const struct dirent *entry;
        while (dir && (entry = readdir (dir)) != NULL) {
            snprintf (path, sizeof path, "%s/%s", folder, entry->d_name);
            unlink (path);
        }
        if (dir)
            closedir (dir);
        rmdir (folder);
    }
    if (kdc.port_fd > 0)
        close (kdc.port_fd);
    kdc.dir[0] = '\0';
}

/* Finds a program of the KDC; Debian has some of them where only root looks. */
HELPER int kdc_find (const char *name, char *path, size_t room)
{
    static const char *const dirs[] = {"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; ++i) {
        snprintf (path, room, "%s/%s", dirs[i], name);
        if (access (path, X_OK) == 0)
            return 1;
    }
    return 0;
}

/* Starts a program of the KDC with standard input from `input` and the rest into a log. */
HELPER pid_t kdc_spawn (const char *const *args, const char *input)
{
    fflush (stdout);
    const pid_t pid = fork ();
    REQUIRE (pid >= 0);
    if (pid == 0) {
        prctl (PR_SET_PDEATHSIG, SIGTERM);
        const int in = open (input, O_RDONLY);
        const int out = open (kdc_path ("out"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2 (in, 0);
        dup2 (out, 1);
        dup2 (out, 2);
        execv (args[0], (char *const *) args);
        _exit (127);
    }
    return pid;
}

/*
 * A free port of loopback, kept so that no other program gets it; the KDC, which sets SO_REUSEPORT, may
 * still listen there.
 */
HELPER int kdc_free_port (void)
{
    struct sockaddr_in in;
    socklen_t size = sizeof in;
    const int yes = 1;
    if (kdc.port_fd > 0)
        close (kdc.port_fd);
    kdc.port_fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE (kdc.port_fd >= 0);
    REQUIRE_OK (setsockopt (kdc.port_fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes));
    memset (&in, 0, sizeof in);
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    REQUIRE_OK (bind (kdc.port_fd, (struct sockaddr *) &in, size));
    REQUIRE_OK (getsockname (kdc.port_fd, (struct sockaddr *) &in, &size));
    return ntohs (in.sin_port);
}

/* What programs of the realm read; `port` is the KDC's. */
HELPER void kdc_configure (int port)
{
    kdc_write ("krb5.conf",
               "[libdefaults]\n default_realm = " KDC_REALM "\n dns_lookup_realm = false\n"
               " dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n rdns = false\n"
               " udp_preference_limit = 1\n"
               "[realms]\n " KDC_REALM " = {\n  kdc = 127.0.0.1:%d\n }\n"
               "[domain_realm]\n localhost = " KDC_REALM "\n",
               port);
    kdc_write ("kdc.conf",
               "[kdcdefaults]\n kdc_listen = \"\"\n kdc_tcp_listen = 127.0.0.1:%d\n"
               "[realms]\n " KDC_REALM " = {\n  database_name = %s\n  key_stash_file = %s\n"
               "  acl_file = %s\n  supported_enctypes = aes256-cts:normal\n }\n"
               "[logging]\n kdc = FILE:%s\n",
               port, kdc_path ("db"), kdc_path ("stash"), kdc_path ("acl"), kdc_path ("log"));
}

/* Waits until the KDC serves; 0 if it ended instead. */
HELPER int kdc_serves (void)
{
    static char text[65536];
    const long long end = now_ms () + DEADLINE_MS;
    while (now_ms () < end) {
        FILE *file = fopen (kdc_path ("log"), "r");
        const size_t size = file ? fread (text, 1, sizeof text - 1, file) : 0;
        text[size] = '\0';
        if (file)
            fclose (file);
        if (strstr (text, "commencing operation"))
            return 1;
        if (waitpid (kdc.pid, NULL, WNOHANG) == kdc.pid) {
            kdc.pid = 0;
            return 0;
        }
        msleep (5);
    }
    return 0;
}

HELPER void kdc_setenv (const char *name, const char *prefix, const char *file)
{
    char value[160];
    snprintf (value, sizeof value, "%s%s", prefix, kdc_path (file));
    REQUIRE_OK (setenv (name, value, 1));
}

/*
 * Makes the realm and has this process and its children use it. Principals: the service, alice, bob,
 * and a service that no keytab has ("absent@localhost"). The keytab "both" has keys for all of them,
 * "server" and "clients" for one side.
 *
 * Ends the program as skipped where the programs of the KDC are not installed.
 */
HELPER void kdc_begin (void)
{
    static const char *const names[] = {"kdb5_util", "kadmin.local", "krb5kdc"};
    static const char principals[] = "addprinc -randkey zmqtest/localhost\n"
                                     "addprinc -randkey absent/localhost\n"
                                     "addprinc -randkey alice\naddprinc -randkey bob\n";
    for (int i = 0; i < 3; ++i)
        if (!kdc_find (names[i], kdc.programs[i], sizeof kdc.programs[i]))
            skip_all ("no KDC: it needs krb5-kdc and krb5-admin-server");
    const char *base = getenv ("TMPDIR");
    if (!base || !*base || strlen (base) > 32)
        base = "/tmp";
    snprintf (kdc.dir, sizeof kdc.dir, "%s/zk%d-XXXXXX", base, (int) getpid ());
    REQUIRE (mkdtemp (kdc.dir) != NULL);
    REQUIRE_OK (mkdir (kdc_path ("cc"), 0700));
    kdc_setenv ("KRB5_CONFIG", "", "krb5.conf");
    kdc_setenv ("KRB5_KDC_PROFILE", "", "kdc.conf");
    kdc_setenv ("KRB5_KTNAME", "FILE:", "both");
    kdc_setenv ("KRB5_CLIENT_KTNAME", "FILE:", "both");
    kdc_setenv ("KRB5CCNAME", "DIR:", "cc");
    kdc_setenv ("KRB5RCACHEDIR", "", "");
    kdc_configure (kdc_free_port ());

    const char *const create[] = {kdc.programs[0], "create", "-s", "-P", "test", NULL};
    CHECK_INT (wait_pid (kdc_spawn (create, "/dev/null")), 0);
    kdc_write ("commands", "%sktadd -k %s zmqtest/localhost\nktadd -k %s -norandkey alice bob\n",
               principals, kdc_path ("server"), kdc_path ("clients"));
    const char *const admin[] = {kdc.programs[1], NULL};
    CHECK_INT (wait_pid (kdc_spawn (admin, kdc_path ("commands"))), 0);
    kdc_write ("commands", "ktadd -k %s -norandkey alice bob zmqtest/localhost\n",
               kdc_path ("both"));
    CHECK_INT (wait_pid (kdc_spawn (admin, kdc_path ("commands"))), 0);

    char pid_file[128];
    snprintf (pid_file, sizeof pid_file, "%s", kdc_path ("pid"));
    const char *const serve[] = {kdc.programs[2], "-n", "-P", pid_file, NULL};
    kdc.pid = kdc_spawn (serve, "/dev/null");
    if (kdc_serves ())
        return;
    /* One that does not share its port: then it must be given up before, and another program may be
     * faster to take it. */
    for (int tries = 0; tries < 10 && kdc.pid == 0; ++tries) {
        kdc_configure (kdc_free_port ());
        close (kdc.port_fd);
        kdc.port_fd = 0;
        kdc.pid = kdc_spawn (serve, "/dev/null");
        if (kdc_serves ())
            return;
    }
    harness_fail (__FILE__, __LINE__, "the KDC does not start; see %s", kdc.dir);
    harness_die ();
}

#endif
