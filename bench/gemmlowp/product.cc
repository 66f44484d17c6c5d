// gemmlowp's 8-bit product on one thread, as a contestant: answers its parent on standard input and output. gemmlowp is
// the library of the founding article; its int8 weights are stored as bytes with an offset of 128.
//
//   "prepare m n k\n", then A (m·k bytes) and B (k·n bytes)  →  C (m·n int32)
//   "time calls\n"                                           →  nanoseconds of the process in all calls, as one line

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <tuple>
#include <vector>

#include "public/gemmlowp.h"

namespace {

struct Product {
  int m = 0, n = 0, k = 0;
  std::vector<std::uint8_t> a, b;
  std::vector<std::int32_t> c;
  gemmlowp::GemmContext context;

  Product() { context.set_max_num_threads(1); }

  // Row-major signed bytes → columns one after the other, with the offset: the order that gemmlowp likes best.
  void SetWeights(const std::vector<std::uint8_t>& rows) {
    b.resize(rows.size());
    for (std::size_t row = 0, i = 0; row < static_cast<std::size_t>(k); row++)
      for (std::size_t column = 0; column < static_cast<std::size_t>(n); column++, i++)
        b[column * k + row] = rows[i] ^ 0x80;
  }

  void Run() {
    using gemmlowp::MapOrder;
    gemmlowp::MatrixMap<const std::uint8_t, MapOrder::RowMajor> lhs(a.data(), m, k);
    gemmlowp::MatrixMap<const std::uint8_t, MapOrder::ColMajor> rhs(b.data(), k, n);
    gemmlowp::MatrixMap<std::int32_t, MapOrder::RowMajor> result(c.data(), m, n);
    gemmlowp::GemmWithOutputPipeline<std::uint8_t, std::int32_t, gemmlowp::DefaultL8R8BitDepthParams>(
        &context, lhs, rhs, &result, /*lhs_offset=*/0, /*rhs_offset=*/-128, std::make_tuple());
  }
};

// The processor's time of this process, in nanoseconds: what other programs take does not count.
long long OwnTime() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

bool ReadAll(std::vector<std::uint8_t>* bytes) {
  return std::fread(bytes->data(), 1, bytes->size(), stdin) == bytes->size();
}

}  // namespace

int main() {
  Product product;
  char line[128];
  while (std::fgets(line, sizeof line, stdin)) {
    int calls = 0;
    if (std::sscanf(line, "prepare %d %d %d", &product.m, &product.n, &product.k) == 3) {
      product.a.resize(static_cast<std::size_t>(product.m) * product.k);
      std::vector<std::uint8_t> rows(static_cast<std::size_t>(product.k) * product.n);
      product.c.resize(static_cast<std::size_t>(product.m) * product.n);
      if (!ReadAll(&product.a) || !ReadAll(&rows)) return 1;
      product.SetWeights(rows);
      product.Run();
      std::fwrite(product.c.data(), sizeof(std::int32_t), product.c.size(), stdout);
    } else if (std::sscanf(line, "time %d", &calls) == 1) {
      const long long started = OwnTime();
      for (int i = 0; i < calls; i++) product.Run();
      std::printf("%lld\n", OwnTime() - started);
    } else {
      return 1;
    }
    std::fflush(stdout);
  }
  return 0;
}
