/*
 * Certificates for tests of TLS: two servers that vouch for themselves, until the year 2126. Their keys protect nothing.
 */
#ifndef CAPI_TLS_H
#define CAPI_TLS_H

/* For server.test and 127.0.0.1. */
static const char tls_certificate[] =
  "-----BEGIN CERTIFICATE-----\n"
  "MIIBoTCCAUegAwIBAgIUN727Y132ivUFMGq6ATiO5VD9zS8wCgYIKoZIzj0EAwIw\n"
  "FjEUMBIGA1UEAwwLc2VydmVyLnRlc3QwIBcNMjYxMTI2MTIxODUzWhgPMjEyNjEx\n"
  "MDIxMjE4NTNaMBYxFDASBgNVBAMMC3NlcnZlci50ZXN0MFkwEwYHKoZIzj0CAQYI\n"
  "KoZIzj0DAQcDQgAEMGtfSWNv0zJV9GcMQ4EEvQ4YKkKxgMufNnO+Rtk5wSDl6ThL\n"
  "FRp7ygMst8dUvWJpwBF0Vp0FITd7vqEMP3oARqNxMG8wHQYDVR0OBBYEFAnO04rJ\n"
  "sHccWNPsF2niRY/1MZ0eMB8GA1UdIwQYMBaAFAnO04rJsHccWNPsF2niRY/1MZ0e\n"
  "MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4ILc2VydmVyLnRlc3SHBH8AAAEw\n"
  "CgYIKoZIzj0EAwIDSAAwRQIhAI94rGo0NZyITn0WD7c9phWJ/5adwdtX6ablu3oK\n"
  "j35HAiBgKMHagPHW4Tb/loaraKIpB9Vi5xCytHyHaim1+sou2A==\n"
  "-----END CERTIFICATE-----\n";
static const char tls_key[] =
  "-----BEGIN PRIVATE KEY-----\n"
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEJLm04AudcMkaIgE\n"
  "7fbdUEt1Zs6xFAhyF8atwYc/vgShRANCAAQwa19JY2/TMlX0ZwxDgQS9DhgqQrGA\n"
  "y582c75G2TnBIOXpOEsVGnvKAyy3x1S9YmnAEXRWnQUhN3u+oQw/egBG\n"
  "-----END PRIVATE KEY-----\n";

/* For other.test. */
static const char tls_other_certificate[] =
  "-----BEGIN CERTIFICATE-----\n"
  "MIIBmTCCAT6gAwIBAgIUUWGX4ZkJS5smnbmGUD549q59fH8wCgYIKoZIzj0EAwIw\n"
  "FTETMBEGA1UEAwwKb3RoZXIudGVzdDAgFw0yNjExMjYxMjE4NTNaGA8yMTI2MTEw\n"
  "MjEyMTg1M1owFTETMBEGA1UEAwwKb3RoZXIudGVzdDBZMBMGByqGSM49AgEGCCqG\n"
  "SM49AwEHA0IABA6g/El5wAUyQL1+M8qzYWvMjdGC9TML4EUaGg2t9fir/7xhWyyv\n"
  "hU5UGKgQZaxmpZ1KGvg52Z8IxnjIigGerUSjajBoMB0GA1UdDgQWBBSPVhgfxA0k\n"
  "PWo5HKb9tds2AD1rcTAfBgNVHSMEGDAWgBSPVhgfxA0kPWo5HKb9tds2AD1rcTAP\n"
  "BgNVHRMBAf8EBTADAQH/MBUGA1UdEQQOMAyCCm90aGVyLnRlc3QwCgYIKoZIzj0E\n"
  "AwIDSQAwRgIhAPC0Tl/SX5Te2V7F2QHgXT1Co3yvIz13Z5CK6YzDCW9lAiEA42FZ\n"
  "duqT8EvikJIIG0RlN9/YAyT7RKMBAuaKXYAEZaE=\n"
  "-----END CERTIFICATE-----\n";
static const char tls_other_key[] =
  "-----BEGIN PRIVATE KEY-----\n"
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgaJGjLI3WYMVkFr9y\n"
  "h9YqYkgKmMQ7DZdCIRaNGx+anzmhRANCAAQOoPxJecAFMkC9fjPKs2FrzI3RgvUz\n"
  "C+BFGhoNrfX4q/+8YVssr4VOVBioEGWsZqWdShr4OdmfCMZ4yIoBnq1E\n"
  "-----END PRIVATE KEY-----\n";

#endif
