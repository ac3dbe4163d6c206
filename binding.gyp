# The second build of the addon, for machines without cmake; scripts/build-addon.js runs it and passes libtorch.
# Flags and definitions are those of CMakeLists.txt.
{
  'variables': { 'libtorch%': '' },
  'targets': [
    {
      'target_name': 'soo_torch',
      'sources': [ '<!@(node scripts/native-sources.js)' ],
      'include_dirs': [ 'native' ],
      'defines': [
        'NAPI_VERSION=9', 'NAPI_CPP_EXCEPTIONS', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS', '_GLIBCXX_USE_CXX11_ABI=1',
      ],
      'cflags!': [ '-fno-exceptions', '-O3' ],
      'cflags_cc!': [ '-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20', '-Wno-unused-parameter' ],
      'cflags_cc': [
        '-std=c++20', '-O2', '-fno-math-errno', '-fexceptions', '-frtti', '-fvisibility=hidden', '-Wall', '-Wextra',
        '-isystem', '<!(node -p "path.resolve(require(\'node-addon-api\').include_dir)")',
        '-isystem', '<(libtorch)/include', '-isystem', '<(libtorch)/include/torch/csrc/api/include',
      ],
      'libraries': [
        '<(libtorch)/lib/libtorch.so', '<(libtorch)/lib/libtorch_cpu.so', '<(libtorch)/lib/libc10.so',
      ],
    },
    {
      'target_name': 'soo_loader',
      'sources': [ 'native/loader/open-library.c' ],
      'defines': [ 'NAPI_VERSION=9' ],
      'libraries': [ '-ldl' ],
    },
  ],
}
