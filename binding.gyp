{
  "variables": {
    # 1 links the libseccomp that pkg-config finds instead of the one in deps/.
    "use_system_libseccomp%": 0,
    # A program without libc, start-up code or relocations.
    "launcher_cflags": [
      "-std=c++20", "-Os", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-fno-pie", "-fno-stack-protector",
      "-fno-asynchronous-unwind-tables"
    ],
    "launcher_ldflags": [
      "-nostdlib", "-static", "-s", "-Wl,--build-id=none", "-Wl,-T,<(module_root_dir)/native/launcher/launcher.ld"
    ]
  },
  "target_defaults": {
    "cflags": ["-fPIC", "-ffunction-sections", "-fdata-sections", "-fvisibility=hidden", "-fstack-protector-strong"]
  },
  "targets": [
    {
      "target_name": "libseccomp",
      "conditions": [
        ["use_system_libseccomp==1", { "type": "none" }, {
          "type": "static_library",
          "sources": ["<!@(node scripts/native-sources.mjs libseccomp)"],
          "include_dirs": ["native/libseccomp", "<!@(node scripts/native-sources.mjs libseccomp-include)"],
          "defines": ["_GNU_SOURCE"],
          "cflags": ["-w"],
          "direct_dependent_settings": {
            "include_dirs": ["<!@(node scripts/native-sources.mjs libseccomp-include)"]
          }
        }]
      ]
    },
    {
      # The program that starts sandboxed children. The add-on embeds it, so it is not a separate file in the package.
      "target_name": "seccomp-launcher",
      "type": "executable",
      "sources": ["<!@(node scripts/native-sources.mjs launcher)"],
      "cflags": ["-Wall", "-Wextra", "-Werror"],
      "cflags!": ["-fPIC", "-fstack-protector-strong", "-O2", "-O3", "-g"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fexceptions"],
      "cflags_cc": ["<@(launcher_cflags)"],
      "ldflags!": ["-pthread", "-rdynamic"],
      "ldflags": ["<@(launcher_ldflags)"]
    },
    {
      # The program that traces commands, built and embedded like the launcher.
      "target_name": "seccomp-tracer",
      "type": "executable",
      "sources": ["<!@(node scripts/native-sources.mjs tracer)"],
      "cflags": ["-Wall", "-Wextra", "-Werror"],
      "cflags!": ["-fPIC", "-fstack-protector-strong", "-O2", "-O3", "-g"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fexceptions"],
      "cflags_cc": ["<@(launcher_cflags)"],
      "ldflags!": ["-pthread", "-rdynamic"],
      "ldflags": ["<@(launcher_ldflags)"]
    },
    {
      # The program that records by perf events, built and embedded like the launcher.
      "target_name": "seccomp-perf",
      "type": "executable",
      "sources": ["<!@(node scripts/native-sources.mjs perf)"],
      "cflags": ["-Wall", "-Wextra", "-Werror"],
      "cflags!": ["-fPIC", "-fstack-protector-strong", "-O2", "-O3", "-g"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fexceptions"],
      "cflags_cc": ["<@(launcher_cflags)"],
      "ldflags!": ["-pthread", "-rdynamic"],
      "ldflags": ["<@(launcher_ldflags)"]
    },
    {
      "target_name": "seccomp",
      "dependencies": ["libseccomp", "seccomp-launcher", "seccomp-tracer", "seccomp-perf"],
      "sources": ["<!@(node scripts/native-sources.mjs addon)", "<!@(node scripts/native-sources.mjs core)"],
      "include_dirs": [
        "<!(node scripts/native-sources.mjs node-addon-api-include)",
        # Where native/core finds the launcher, the tracer and the perf recorder.
        "<(PRODUCT_DIR)"
      ],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags": ["-Wall", "-Wextra", "-Werror"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fexceptions"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti"],
      "ldflags": [
        "-Wl,--gc-sections",
        "-Wl,-z,relro,-z,now",
        # Signal handlers and tables must outlive the worker that first loaded the add-on.
        "-Wl,-z,nodelete",
        "-Wl,--version-script=<(module_root_dir)/native/exports.map"
      ],
      "conditions": [
        ["use_system_libseccomp==1", {
          "cflags": ["<!@(pkg-config --cflags libseccomp)"],
          "libraries": ["<!@(pkg-config --libs libseccomp)"]
        }]
      ]
    }
  ]
}
