// See math.h. exp: the argument is reduced to |r| <= ln2 / 2 (two-part ln2), a polynomial of degree 6, and the power
// of two applied in two steps so that results down to the subnormals and up to infinity come out right. Polynomials of
// exp, log and tanh are those of the Cephes library (expf, logf, tanhf); erf is the rational approximation used by
// Eigen.
#include "codegen/kernels/math.h"

#include <iterator>
#include <limits>

namespace d2nn::codegen {

namespace {

int lanes_of(llvm::Value* x) {
  return static_cast<int>(llvm::cast<llvm::FixedVectorType>(x->getType())->getNumElements());
}

// The constants, in x's width, with the operations that keep NaN.
class VectorMath {
 public:
  VectorMath(KernelBuilder& kernel, int lanes) : kernel_(kernel), ir_(kernel.ir()), lanes_(lanes) {}

  llvm::Value* constant(float value) { return kernel_.splat(value, lanes_); }
  llvm::Value* multiply_add(llvm::Value* a, llvm::Value* b, llvm::Value* c) { return kernel_.multiply_add(a, b, c); }

  // Horner, the highest power first.
  template <std::size_t N>
  llvm::Value* polynomial(llvm::Value* x, const float (&coefficients)[N]) {
    llvm::Value* result = constant(coefficients[0]);
    for (std::size_t i = 1; i < N; ++i) result = multiply_add(result, x, constant(coefficients[i]));
    return result;
  }

  // NaN stays NaN: no comparison holds.
  llvm::Value* clamp(llvm::Value* x, float low, float high) {
    x = ir_.CreateSelect(ir_.CreateFCmpOGT(x, constant(high)), constant(high), x);
    return ir_.CreateSelect(ir_.CreateFCmpOLT(x, constant(low)), constant(low), x);
  }

  llvm::Value* exp(llvm::Value* x) {
    x = clamp(x, -104.0F, 89.0F);  // below: zero; above: infinity
    const auto [p, power] = exp_parts(x);
    llvm::Value* half = ir_.CreateAShr(power, integer(1));
    return ir_.CreateFMul(ir_.CreateFMul(p, two_to(half)), two_to(ir_.CreateSub(power, half)));
  }

  llvm::Value* exp_of_negative(llvm::Value* x) {
    // At -88 the power is -127, whose bits are those of 0.
    x = ir_.CreateSelect(ir_.CreateFCmpOLT(x, constant(-88.0F)), constant(-88.0F), x);
    const auto [p, power] = exp_parts(x);
    return ir_.CreateFMul(p, two_to(power));
  }

  llvm::Constant* integer(std::int32_t value) {
    llvm::Type* integers = llvm::FixedVectorType::get(ir_.getInt32Ty(), static_cast<unsigned>(lanes_));
    return llvm::ConstantInt::getSigned(integers, value);
  }
  // 2 to the power of integers from -127 (0) to 127.
  llvm::Value* two_to(llvm::Value* exponent) {
    llvm::Value* bits = ir_.CreateShl(ir_.CreateAdd(exponent, integer(127)), integer(23));
    return ir_.CreateBitCast(bits, kernel_.vector_type(lanes_));
  }

  // exp(x) = p * 2^power.
  struct ExpParts {
    llvm::Value* p;
    llvm::Value* power;
  };
  ExpParts exp_parts(llvm::Value* x) {
    constexpr float log2_e = 1.44269504088896341F;
    constexpr float ln2_high = 0.693359375F;  // few bits: its products with |n| < 256 are exact
    constexpr float ln2_low = -2.12194440e-4F;
    constexpr float round_shift = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer held in the low bits
    constexpr float coefficients[] = {1.9875691500e-4F, 1.3981999507e-3F, 8.3334519073e-3F,
                                      4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F};
    llvm::Value* shifted = ir_.CreateFAdd(ir_.CreateFMul(x, constant(log2_e)), constant(round_shift));
    llvm::Value* n = ir_.CreateFSub(shifted, constant(round_shift));
    llvm::Value* r = multiply_add(n, constant(-ln2_high), x);
    r = multiply_add(n, constant(-ln2_low), r);
    llvm::Value* p = polynomial(r, coefficients);
    p = ir_.CreateFAdd(multiply_add(p, ir_.CreateFMul(r, r), r), constant(1.0F));
    llvm::Type* integers = integer(0)->getType();
    llvm::Value* power =
        ir_.CreateSub(ir_.CreateBitCast(shifted, integers), ir_.CreateBitCast(constant(round_shift), integers));
    return {p, power};
  }

  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)); log m as a polynomial in m - 1.
  llvm::Value* log(llvm::Value* x) {
    constexpr float least_normal = 1.17549435e-38F;
    constexpr float two_to_23 = 8388608.0F;
    constexpr float sqrt_half = 0.707106781186547524F;
    constexpr float ln2_high = 0.693359375F;
    constexpr float ln2_low = -2.12194440e-4F;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float coefficients[] = {7.0376836292e-2F,  -1.1514610310e-1F, 1.1676998740e-1F,
                                      -1.2420140846e-1F, 1.4249322787e-1F,  -1.6668057665e-1F,
                                      2.0000714765e-1F,  -2.4999993993e-1F, 3.3333331174e-1F};
    llvm::Type* integers = integer(0)->getType();
    llvm::Value* is_subnormal = ir_.CreateFCmpOLT(x, constant(least_normal));
    llvm::Value* normal = ir_.CreateSelect(is_subnormal, ir_.CreateFMul(x, constant(two_to_23)), x);
    llvm::Value* bits = ir_.CreateBitCast(normal, integers);
    llvm::Value* exponent = ir_.CreateSub(ir_.CreateLShr(bits, integer(23)), integer(126));
    exponent = ir_.CreateSub(exponent, ir_.CreateSelect(is_subnormal, integer(23), integer(0)));
    llvm::Value* m =  // in [1/2, 1)
        ir_.CreateBitCast(ir_.CreateOr(ir_.CreateAnd(bits, integer(0x007FFFFF)), integer(0x3F000000)), x->getType());
    llvm::Value* is_low = ir_.CreateFCmpOLT(m, constant(sqrt_half));
    llvm::Value* e = ir_.CreateSIToFP(exponent, x->getType());
    e = ir_.CreateSelect(is_low, ir_.CreateFSub(e, constant(1.0F)), e);
    llvm::Value* r = ir_.CreateFAdd(ir_.CreateFSub(m, constant(1.0F)), ir_.CreateSelect(is_low, m, constant(0.0F)));
    llvm::Value* square = ir_.CreateFMul(r, r);
    llvm::Value* y = ir_.CreateFMul(ir_.CreateFMul(polynomial(r, coefficients), r), square);
    y = multiply_add(e, constant(ln2_low), y);
    y = multiply_add(square, constant(-0.5F), y);
    y = multiply_add(e, constant(ln2_high), ir_.CreateFAdd(r, y));
    y = ir_.CreateSelect(ir_.CreateFCmpOEQ(x, constant(infinity)), x, y);
    y = ir_.CreateSelect(ir_.CreateFCmpOEQ(x, constant(0.0F)), constant(-infinity), y);
    llvm::Value* nan = constant(std::numeric_limits<float>::quiet_NaN());
    return ir_.CreateSelect(ir_.CreateFCmpULT(x, constant(0.0F)), nan, y);  // also where x is NaN
  }

  llvm::Value* absolute(llvm::Value* x) { return ir_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x); }

  llvm::Value* tanh(llvm::Value* x) {
    constexpr float coefficients[] = {-5.70498872745e-3F, 2.06390887954e-2F, -5.37397155531e-2F, 1.33314422036e-1F,
                                      -3.33332819422e-1F};
    llvm::Value* magnitude = absolute(x);
    llvm::Value* square = ir_.CreateFMul(x, x);
    llvm::Value* small = multiply_add(ir_.CreateFMul(polynomial(square, coefficients), square), x, x);
    llvm::Value* e = exp(ir_.CreateFAdd(magnitude, magnitude));
    llvm::Value* large =
        ir_.CreateFSub(constant(1.0F), ir_.CreateFDiv(constant(2.0F), ir_.CreateFAdd(e, constant(1.0F))));
    large = ir_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, large, x);
    return ir_.CreateSelect(ir_.CreateFCmpOLT(magnitude, constant(0.625F)), small, large);
  }

  llvm::Value* erf(llvm::Value* x) {
    constexpr float numerator[] = {-2.72614225801306e-10F, 2.77068142495902e-08F,  -2.10102402082508e-06F,
                                   -5.69250639462346e-05F, -7.34990630326855e-04F, -2.95459980854025e-03F,
                                   -1.60960333262415e-02F};
    constexpr float denominator[] = {-1.45660718464996e-05F, -2.13374055278905e-04F, -1.68282697438203e-03F,
                                     -7.37332916720468e-03F, -1.42647390514189e-02F};
    x = clamp(x, -4.0F, 4.0F);
    llvm::Value* square = ir_.CreateFMul(x, x);
    return ir_.CreateFDiv(ir_.CreateFMul(x, polynomial(square, numerator)), polynomial(square, denominator));
  }

 private:
  KernelBuilder& kernel_;
  llvm::IRBuilder<>& ir_;
  int lanes_;
};

}  // namespace

llvm::Value* emit_exp(KernelBuilder& kernel, llvm::Value* x) {
  return VectorMath(kernel, lanes_of(x)).exp(x);
}

llvm::Value* emit_exp_of_negative(KernelBuilder& kernel, llvm::Value* x) {
  return VectorMath(kernel, lanes_of(x)).exp_of_negative(x);
}

llvm::Value* emit_log(KernelBuilder& kernel, llvm::Value* x) {
  return VectorMath(kernel, lanes_of(x)).log(x);
}

llvm::Value* emit_tanh(KernelBuilder& kernel, llvm::Value* x) {
  return VectorMath(kernel, lanes_of(x)).tanh(x);
}

llvm::Value* emit_erf(KernelBuilder& kernel, llvm::Value* x) {
  return VectorMath(kernel, lanes_of(x)).erf(x);
}

}  // namespace d2nn::codegen
