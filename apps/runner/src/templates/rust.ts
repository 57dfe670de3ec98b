/** A guest in Rust: the core library alone, rustc alone. */
import { sharedFiles, type Template } from './template.ts';

export function rustTemplate(name: string): Template {
  const how = {
    build: ['./build.sh'],
    needs:
      'Building needs rustc with its wasm32-unknown-unknown target: `rustup target add wasm32-unknown-unknown`, or\n' +
      '`apt-get install rustc libstd-rust-dev-wasm32 lld` on Debian.',
  };
  return {
    ...how,
    programs: ['build.sh'],
    files: { 'guest.rs': SOURCE, 'build.sh': buildScript(name), ...sharedFiles(name, 'guest.rs', how) },
  };
}

// Debian's rustc has no linker of its own for wasm, and only its own lld fits it.
const buildScript = (name: string): string => `#!/bin/sh
# Builds ${name}.wasm from the core library alone; names stay for \`trine flame\`.
set -eu
cd "$(dirname "$0")"
rustc=\${RUSTC:-rustc}
linker=\${LINKER:-}
if [ -z "$linker" ] && ! ls "$("$rustc" --print sysroot)"/lib/rustlib/*/bin/rust-lld >/dev/null 2>&1; then
  for found in wasm-ld wasm-ld-14 wasm-ld-15 wasm-ld-16 wasm-ld-17 wasm-ld-18 wasm-ld-19; do
    if command -v "$found" >/dev/null; then linker=$found; break; fi
  done
fi
exec "$rustc" --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib \\
  -C opt-level=3 -C panic=abort -C target-cpu=mvp -C link-arg=-zstack-size=65536 -C link-arg=--strip-debug \\
  \${linker:+-C linker="$linker"} guest.rs -o ${name}.wasm
`;

const SOURCE = `#![no_std]

use core::ptr::{addr_of, addr_of_mut, null_mut};

/// The largest odd number whose next step still fits 64 bits.
const ODD_MAX: u64 = (u64::MAX - 1) / 3;
const INPUT_BYTES_MAX: usize = 65_536;

static mut INPUT: [u8; INPUT_BYTES_MAX] = [0; INPUT_BYTES_MAX];
static mut OUTPUT: [u8; 8] = [0; 8];

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// Where the node puts the input. Null traps: this guest takes no larger one.
#[no_mangle]
#[allow(unused_unsafe)] // Older compilers want the block below, newer ones do not.
pub extern "C" fn alloc(size: usize) -> *mut u8 {
    if size > INPUT_BYTES_MAX {
        return null_mut();
    }
    unsafe { addr_of_mut!(INPUT).cast() }
}

/// Answers where the output is (high 32 bits) and how long it is (low 32 bits).
///
/// # Safety
/// The node gives back what \`alloc\` answered, with as many bytes as it asked for.
#[no_mangle]
pub unsafe extern "C" fn run(pointer: *const u8, length: usize) -> u64 {
    let input = core::slice::from_raw_parts(pointer, length);
    let value = match input.try_into() {
        Ok(bytes) => u64::from_le_bytes(bytes),
        Err(_) => core::arch::wasm32::unreachable(),
    };
    addr_of_mut!(OUTPUT).write(steps(value).to_le_bytes());
    (addr_of!(OUTPUT) as u64) << 32 | 8
}

fn steps(start: u64) -> u64 {
    let mut value = start;
    let mut count = 0;
    while value > 1 {
        if value % 2 == 0 {
            value /= 2;
        } else {
            // A trap is an answer too: three nodes agree on it like on any other.
            if value > ODD_MAX {
                core::arch::wasm32::unreachable();
            }
            value = value * 3 + 1;
        }
        count += 1;
    }
    count
}
`;
