#!/usr/bin/env bash
# The C tests of vsock and TIPC on a kernel that has both: Debian's, in a virtual machine.
#
#   ci/kernel.sh [COMMAND...]
#
# COMMAND runs in the machine, as root, in this folder, with the files of this machine, none of which it can change but for
# those in /var/tmp, which are its own; it has no network but loopback. Without one the tests run that a machine without these
# families only plays, on this library and, where one is installed, on libzmq.
#
# Needs an x86-64 Debian with qemu-system-x86, busybox-static, kmod, cpio, and apt-get, which fetches the kernel. Everything is emulated,
# which takes seconds. Not part of .ci/run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for tool in qemu-system-x86_64 busybox modprobe depmod cpio apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin
    command -v "$tool" >/dev/null || {
        echo "$tool is missing (apt-get install qemu-system-x86 busybox-static kmod cpio)"
        exit 1
    }
done
area=$(realpath -m "${CARGO_TARGET_DIR:-target}/kernel")
mkdir -p "$area"

# The kernel, once.
if [ ! -e "$area/boot" ]; then
    package=$(apt-cache depends linux-image-amd64 | sed -n 's/ *Depends: *//p' | head -n 1)
    fresh=$(mktemp -d "$area/fresh.XXXXXX")
    (cd "$fresh" && apt-get download -qq "$package" && dpkg-deb -x ./*.deb . && rm ./*.deb)
    depmod -b "$fresh" "$(ls "$fresh/lib/modules")"
    rm -rf "${area:?}/lib"
    mv "$fresh/lib" "$fresh/boot" "$area"
    rm -rf "$fresh"
fi
version=$(ls "$area/lib/modules")

# What it starts with: the modules in their order, and a script that goes on in this machine's files.
root=$(mktemp -d "$area/root.XXXXXX")
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,mnt,modules,proc,sys}
cp "$(command -v busybox)" "$root/bin/busybox"
for module in 9p 9pnet_virtio virtio_pci tipc vsock_loopback; do
    modprobe -d "$area" -S "$version" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | awk '!seen[$0]++' >"$root/list"
while read -r module; do
    cp "$module" "$root/modules"
    basename "$module" >>"$root/order"
done <"$root/list"
cat >"$root/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
    insmod "/modules/$module"
done </order
ip link set lo up
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose files /mnt
mount -t proc proc /mnt/proc
mount --bind /dev /mnt/dev
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
mount -t tmpfs tmp /mnt/var/tmp
echo "kernel.sh: begins"
job=$(sed 's/.*job=//' /proc/cmdline)
chroot /mnt /bin/bash "$job"
echo "kernel.sh: ended with $?"
poweroff -f
END
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$area/initrd"

if [ $# -eq 0 ]; then
    # The same on this machine, which also builds what the other cannot.
    cargo test --quiet --locked --package capi-tests --test run -- --exact tr_tipc tr_vsock
    run=$(cargo test --locked --no-run --package capi-tests --test run 2>&1 | sed -n 's/.*(\(.*\))$/\1/p')
    set -- env CAPI_LIB_DIR="$(dirname "$(dirname "$run")")" "$run" --exact tr_tipc tr_vsock
fi
{
    printf 'cd %q\nexport PATH=%q TMPDIR=/var/tmp\n' "$PWD" "$PATH"
    printf '%q ' "$@"
    echo
} >"$area/job"
output=$(mktemp "$root/output.XXXXXX")
timeout 600 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 1500 -nographic -no-reboot -nic none \
    -kernel "$area/boot/vmlinuz-$version" -initrd "$area/initrd" \
    -append "console=ttyS0 quiet panic=-1 job=$area/job" \
    -virtfs local,path=/,mount_tag=files,security_model=none,readonly=on,multidevs=remap </dev/null 2>&1 |
    tr -d '\r' | tee "$output" | sed -un '/kernel.sh: begins/,$p'
grep -q 'kernel.sh: begins' "$output" || tail -n 20 "$output"
grep -q '^kernel.sh: ended with 0$' "$output"
