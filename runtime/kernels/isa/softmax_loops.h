// The softmax of a row and its way back. Included by loops_body.h only.

/// exp(x) for x not above 0, or NaN; 0 where that is a subnormal number. As emit_exp of the compiler: x = n ln2 + r,
/// the polynomial of the Cephes library, and 2^n by its exponent.
inline Vec exp_of_negative(Vec x) {
  constexpr float log2_e = 1.44269504088896341F;
  constexpr float ln2_high = 0.693359375F;
  constexpr float ln2_low = -2.12194440e-4F;
  constexpr float round_shift = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer held in the low bits
  const Vec least = splat(-88.0F);            // n = -127 there, whose power of two is 0
  x = x < least ? least : x;
  const Vec shifted = x * log2_e + round_shift;
  const Vec n = shifted - round_shift;
  const Vec r = (x - n * ln2_high) - n * ln2_low;
  Vec p = splat(1.9875691500e-4F);
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r + 1.0F;
  return p * __builtin_bit_cast(Vec, (__builtin_bit_cast(VecI, shifted) + 127) << 23);
}

/// The first `count` lanes from memory, `fill` in the others.
inline Vec load_first(const float* x, std::int64_t count, float fill) {
  float values[vector_lanes];
  for (int lane = 0; lane < vector_lanes; ++lane) values[lane] = lane < count ? x[lane] : fill;
  return load(values);
}
inline void store_first(Vec x, float* y, std::int64_t count) {
  for (std::int64_t lane = 0; lane < count; ++lane) y[lane] = x[lane];
}

inline Vec greater_of(Vec a, Vec b) {
  return a > b ? a : b;
}

void softmax(std::int64_t n, float scale, float* x) {
  constexpr float nothing = -__builtin_inff();
  const std::int64_t whole = n / vector_lanes * vector_lanes;
  const std::int64_t rest = n - whole;
  Vec greatest = rest == 0 ? splat(nothing) : load_first(x + whole, rest, nothing);
  for (std::int64_t i = 0; i < whole; i += vector_lanes) greatest = greater_of(load(x + i), greatest);
  float top = greatest[0];
  for (int lane = 1; lane < vector_lanes; ++lane) top = greatest[lane] > top ? greatest[lane] : top;

  Vec sums[2] = {};
  const auto exponential = [&](Vec value) { return exp_of_negative((value - splat(top)) * scale); };
  for (std::int64_t i = 0; i < whole; i += vector_lanes) {
    const Vec e = exponential(load(x + i));
    store(x + i, e);
    Vec& sum = sums[i / vector_lanes % 2];
    sum = sum + e;
  }
  float total = 0;
  if (rest != 0) {
    const Vec e = exponential(load_first(x + whole, rest, top));
    store_first(e, x + whole, rest);
    for (std::int64_t lane = 0; lane < rest; ++lane) total += e[lane];
  }
  total += lane_sum(sums[0] + sums[1]);
  const float share = 1.0F / total;
  for (std::int64_t i = 0; i < n; ++i) x[i] *= share;
}

void softmax_gradient(std::int64_t n, float scale, const float* y, float* dy) {
  const float sum = dot(n, y, dy);
  for (std::int64_t i = 0; i < n; ++i) dy[i] = y[i] * (dy[i] - sum) * scale;
}
